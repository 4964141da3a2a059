// Opens the call, executes it as it is filled in, and returns status and body that the page then shows.
(async () => {
  const found = async (what, find) => {
    for (let tries = 0; tries < 600; tries++) {
      const value = find();
      if (value) return value;
      await new Promise((next) => setTimeout(next, 100));
    }
    throw new Error(`the page does not show ${what}`);
  };
  const operation = document.querySelector("#operations .opblock-get");
  operation.querySelector(".opblock-summary button").click();
  const execute = await found("a button to execute the call", () => operation.querySelector("button.execute"));
  execute.click();
  const reply = await found("a reply", () => operation.querySelector(".live-responses-table .response"));
  const body = await found("the body of the reply", () => reply.querySelector(".response-col_description code"));
  // What a picture shows: the last parameters, the request and the reply.
  execute.scrollIntoView();
  window.scrollBy(0, -330);
  return { status: reply.querySelector(".response-col_status").innerText.trim(), body: body.innerText };
})()
