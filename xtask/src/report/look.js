// What of the page cannot be read, or sticks out to the side.
(() => {
  const parts = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (colour) => {
    const [red, green, blue] = parts(colour).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((parts(colour)[3] ?? 1) > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const pale = new Set();
  let read = 0;
  for (const element of document.querySelectorAll("body *")) {
    const style = getComputedStyle(element);
    const text = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
    if (!text || style.visibility !== "visible" || element.getClientRects().length === 0) continue;
    if (element.matches("script, style, noscript, :disabled")) continue;
    read += 1;
    const [one, other] = [light(style.color), light(ground(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    // What WCAG 2 asks of text of this size: https://www.w3.org/TR/WCAG22/#contrast-minimum
    if (contrast < 4.5) pale.add(`${element.tagName.toLowerCase()}.${element.className}: ${contrast.toFixed(2)}`);
  }
  return {
    read,
    pale: [...pale],
    ground: light(ground(document.body)),
    width: document.documentElement.scrollWidth,
    room: innerWidth,
  };
})()
