// What a person does with a report, and how it looks. Both functions run inside the page.

/** Uses the table as a person would, and returns what it showed. */
export const use = async ({ device }) => {
  const element = (id) => document.getElementById(id);
  const count = () => element("count").textContent;
  const rows = () => [...element("list").tBodies[0].rows];
  const column = (place) => rows().map((row) => row.cells[place].querySelector("bdi")?.textContent ?? null);
  const button = (name) => document.querySelector(`nav.pages button[aria-label="${name}"]`);
  const until = async (what, holds) => {
    for (let tries = 0; tries < 2000; tries++) {
      if (holds()) return;
      await new Promise((next) => setTimeout(next, 10));
    }
    throw new Error(`the page does not come to ${what}`);
  };
  const timed = async (work) => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  const find = async (text) => {
    const before = rows()[0];
    element("search").value = text;
    element("search").dispatchEvent(new Event("input"));
    await until(`search for ${text}`, () => rows()[0] !== before);
    return { count: count(), rows: column(0) };
  };
  // Every page, as far as a person would turn them.
  const turned = () => {
    const devices = column(0);
    for (let page = 1; page < 20 && !button("Next page").disabled; page++) {
      button("Next page").click();
      devices.push(...column(0));
    }
    button("First page").click();
    return devices;
  };
  const heading = (place) => element("list").tHead.rows[0].cells[place];
  const sort = (place) => {
    heading(place).querySelector("button").click();
    return { said: heading(place).getAttribute("aria-sort"), all: turned() };
  };

  const seen = { times: {} };
  seen.start = { count: count(), copy: element("copy").textContent, devices: turned() };
  button("Last page")?.click();
  seen.last = { rows: rows().length, place: document.querySelector("nav.pages span").textContent };
  button("First page")?.click();

  seen.times.sort = await timed(() => { seen.up = sort(0); });
  seen.down = sort(0);
  seen.again = sort(0);
  sort(2);
  seen.codes = column(2);
  seen.devicesByCode = column(0);
  sort(2);
  sort(2);

  seen.times.search = await timed(async () => { seen.found = await find(device); });
  seen.nothing = await find("no device has this name");
  seen.timeouts = (await find("TIMEOUT")).count;
  seen.everything = (await find("")).count;

  seen.reasons = [];
  for (const show of document.querySelectorAll("button.show")) {
    show.click();
    seen.reasons.push({ said: show.textContent, count: count(), codes: [...new Set(column(2))] });
  }
  document.querySelector("#filter button").click();
  seen.unfiltered = count();

  rows()[0].querySelector(".open").click();
  seen.opened = [...rows()[1].querySelectorAll("dd")].map((fact) => fact.textContent);
  rows()[0].querySelector(".open").click();
  seen.closed = rows()[1].className;

  dispatchEvent(new Event("beforeprint"));
  seen.printed = { rows: rows().length, said: element("printed").textContent };
  dispatchEvent(new Event("afterprint"));
  seen.afterPrint = { rows: rows().length, said: element("printed").textContent };

  seen.harm = {
    hacked: window.hacked ?? null,
    elements: document.querySelectorAll("img, iframe, object, embed, link, a, form, base, input:not(#search)").length,
    scripts: document.scripts.length,
    handlers: [...document.querySelectorAll("*")].filter((any) => any.getAttributeNames().some((name) => name.startsWith("on"))).length,
  };
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  seen.times.paint = paint?.startTime ?? null;
  seen.times.ready = performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd;
  scrollTo(0, 0);
  return seen;
};

/** Finds text that is hard to read, words that are broken, and content that is wider than the page. */
export const look = () => {
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
  // A word that is longer than an id may be broken; scripts without blanks have no words.
  const broken = new Set();
  const breaks = (node) => {
    const parent = node.parentElement;
    if (parent.closest(".long, .tight")) return;
    for (const { 0: word, index } of node.data.matchAll(parent.closest(".whole") ? /\S+/g : /[\p{Script=Latin}\p{N}_]+/gu)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const lines = new Set([...range.getClientRects()].map((line) => Math.round(line.top)));
      if (lines.size > 1) broken.add(word);
    }
  };
  const pale = new Set();
  let read = 0;
  for (const element of document.querySelectorAll("body *")) {
    const style = getComputedStyle(element);
    const texts = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
    if (texts.length === 0 || style.visibility !== "visible" || element.getClientRects().length === 0) continue;
    if (element.matches("script, style, noscript, :disabled")) continue;
    read += 1;
    texts.forEach(breaks);
    const [one, other] = [light(style.color), light(ground(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    // What WCAG 2 asks of text of this size: https://www.w3.org/TR/WCAG22/#contrast-minimum
    if (contrast < 4.5) pale.add(`${element.tagName.toLowerCase()}.${element.className}: ${contrast.toFixed(2)}`);
  }
  return {
    read,
    pale: [...pale],
    broken: [...broken],
    row: getComputedStyle(document.querySelector("#list tbody tr")).display,
    ground: light(ground(document.body)),
    width: document.documentElement.scrollWidth,
    room: innerWidth,
  };
};
