// How many operations Swagger UI shows, once it shows any.
(async () => {
  for (let tries = 0; tries < 600; tries++) {
    const shown = document.querySelectorAll("#operations .opblock").length;
    if (shown > 0) return shown;
    await new Promise((next) => setTimeout(next, 100));
  }
  return 0;
})()
