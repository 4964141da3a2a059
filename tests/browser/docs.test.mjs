// The docs page of the emulator, as it is served and as `cargo xtask docs` writes it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { pathToFileURL } from 'node:url';

import { browser, emulator, open, picture } from './northbound.mjs';

const document = JSON.parse(readFileSync(new URL('../../spec/openapi.json', import.meta.url)));
const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  methods.filter((method) => item[method]).map((method) => ({ path, id: item[method].operationId })));
const pathOf = (id) => operations.find((operation) => operation.id === id).path;

/** How many operations Swagger UI shows, once it shows any. */
async function shown(page) {
  await page.locator('#operations .opblock').first().waitFor();
  return page.locator('#operations .opblock').count();
}

test('the files show every operation and ask no host', { timeout: 120_000 }, async (t) => {
  const home = pathToFileURL(process.env.DOCS).href;
  const { page, check } = await open(await browser(t), `${home}/index.html`);
  assert.equal(await shown(page), operations.length);
  check(`${home}/`);
});

test('the served page calls nothing until a call is tried, and then shows failed subtasks', { timeout: 120_000 }, async (t) => {
  const url = await emulator(t);
  const journal = async () => (await (await fetch(`${url}/_emulator/journal`)).json()).entries.map((entry) => entry.path);
  const { page, check } = await open(await browser(t), `${url}/docs`);
  assert.equal(await shown(page), operations.length);
  assert.deepEqual(await journal(), []);

  const operation = page.locator('#operations .opblock-get').first();
  await operation.locator('.opblock-summary button').first().click();
  await operation.locator('button.execute').click();
  const reply = page.locator('.live-responses-table .response').first();
  const body = JSON.parse(await reply.locator('.response-col_description code').first().innerText());
  assert.equal((await reply.locator('.response-col_status').innerText()).trim(), '200');
  assert.notEqual(body.taskDetails.length, 0);
  assert.deepEqual(body.taskDetails.filter((row) => row.status !== 'Fail'), []);
  assert.deepEqual(await journal(), [pathOf('login'), pathOf('listSubtasks')]);
  check(`${url}/`);

  // The last parameters, the request and the reply.
  await page.setViewportSize({ width: 1200, height: 1100 });
  await operation.locator('button.execute').evaluate((button) => { button.scrollIntoView(); scrollBy(0, -330); });
  await picture(page, 'spec/docs.png', 300_000);
});
