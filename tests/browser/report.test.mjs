// The page that `northbound report` writes: of the demo task, of names that do harm, and of very many devices.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { pathToFileURL } from 'node:url';

import { hostilePlatform } from './hostile.mjs';
import { browser, emulator, folder, northbound, open, picture } from './northbound.mjs';
import { look, use } from './report-page.mjs';

const PAGE = 100, PRINTED = 2000, MANY = 100_000;
const SECRETS = ['demo-secret', 't0ken-of-the-report'];
// Name, medium, width, dark. A phone has 40 columns of text. A sheet of A4 is 688 pixels wide within its margins.
const LOOKS = [['light', 'screen', 1200, false], ['dark', 'screen', 1200, true], ['phone', 'screen', 340, false],
  ['dark-phone', 'screen', 340, true], ['paper', 'print', 688, false], ['paper-of-dark', 'print', 688, true]];

const grouped = (number) => number.toLocaleString('en');
/** A text as the page shows it: with names for characters that cannot be seen. */
const shown = (text) => text.replace(/[\p{Cc}\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu,
  (unseen) => `U+${unseen.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`);

/** What a report has to list: the rows that the command prints of the same task. */
function listed(lines) {
  const rows = lines.trim().split('\n').map((line) => JSON.parse(line));
  const ids = rows.map((row) => row.param.deviceId);
  const codes = rows.map((row) => row.error ? shown(JSON.parse(row.error).error_code) : null);
  return { devices: ids.map(shown), sorted: ids.toSorted().map(shown), codes, error: shown(rows[0].error),
    timedOut: rows.filter((row) => row.status === 'Timeout').length };
}

function checkUse(seen, { devices, sorted, codes, error, timedOut }) {
  const all = devices.length, turned = Math.min(all, 20 * PAGE), pages = grouped(Math.ceil(all / PAGE));
  const ofAll = (part) => part === all ? `${grouped(all)} devices` : `${grouped(part)} of ${grouped(all)} devices`;
  const { times, codes: byCode, devicesByCode, reasons, ...rest } = seen;
  assert.deepEqual(rest, {
    start: { count: ofAll(all), copy: `Copy ${grouped(all)} device ids`, devices: devices.slice(0, turned) },
    last: { rows: all % PAGE || PAGE, place: `Page ${pages} of ${pages}` },
    up: { said: 'ascending', all: sorted.slice(0, turned) },
    down: { said: 'descending', all: sorted.toReversed().slice(0, turned) },
    again: { said: null, all: devices.slice(0, turned) },
    found: { count: ofAll(1), rows: [devices.at(-1)] },
    nothing: { count: ofAll(0), rows: [null] },
    timeouts: ofAll(timedOut),
    everything: ofAll(all),
    unfiltered: ofAll(all),
    opened: [error, rest.opened[1]],
    closed: '',
    printed: { rows: Math.min(all, PRINTED), said: all > PRINTED ? `Printed: ${grouped(PRINTED)} of ${grouped(all)} devices.` : '' },
    afterPrint: { rows: Math.min(all, PAGE), said: '' },
    harm: { hacked: null, elements: 0, scripts: 2, handlers: 0 },
  });
  // Numbers are sorted as numbers. Devices with the same code stay in their order.
  if (codes.every((code) => /^\d+$/.test(code))) {
    assert.deepEqual(byCode, codes.toSorted((one, other) => one - other).slice(0, PAGE));
  }
  const places = new Map(devices.map((device, place) => [device, place]));
  devicesByCode.forEach((device, at) => {
    assert.ok(places.has(device), `sorted by code, the page shows ${device}, which is not listed`);
    if (at > 0 && byCode[at] === byCode[at - 1]) assert.ok(places.get(devicesByCode[at - 1]) < places.get(device), `${device} changed its place`);
  });
  // Each reason says how many devices it has, and shows only these.
  const counts = new Map();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  const wanted = [...counts].map(([code, count]) => ({ said: grouped(count), count: ofAll(count), codes: [code] }));
  const byName = (reasons) => reasons.map((reason) => JSON.stringify(reason)).sort();
  assert.deepEqual(byName(reasons), byName(wanted));
}

function checkLook(name, { read, pale, row, ground, width, room }) {
  assert.ok(read >= PAGE, `${name}: only ${read} texts can be seen`);
  assert.deepEqual(pale, [], `${name}: these texts have too little contrast`);
  assert.equal(ground < 0.2, ['dark', 'dark-phone'].includes(name), `${name}: the background has the lightness ${ground}`);
  assert.equal(row, name.endsWith('phone') ? 'block' : 'table-row', `${name}: how a row of the table is laid out`);
  assert.ok(width <= room, `${name}: the page is ${width} wide, and the window ${room}`);
}

/** Everything that is looked at, on one report. */
async function check(browser, file, wanted) {
  const text = readFileSync(file, 'utf8'), url = pathToFileURL(file).href;
  assert.deepEqual(SECRETS.filter((secret) => text.includes(secret)), []);
  const { page, check } = await open(browser, url);
  try {
    const seen = await page.evaluate(use, { device: wanted.devices.at(-1).split(/\s/).at(-1) });
    checkUse(seen, wanted);
    for (const [name, media, width, dark] of LOOKS) {
      await page.setViewportSize({ width, height: 1000 });
      await page.emulateMedia({ media, colorScheme: dark ? 'dark' : 'light' });
      if (media === 'print') await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
      checkLook(name, await page.evaluate(look));
      await page.screenshot({ path: file.replace('.html', `-${name}.png`) });
    }
    // A sheet holds some forty rows.
    const pdf = await page.pdf({ path: file.replace('.html', '.pdf'), format: 'A4' });
    const sheets = pdf.toString('latin1').split('/Type /Page\n').length - 1, rows = Math.min(wanted.devices.length, PRINTED);
    assert.ok(sheets > 0 && sheets >= Math.floor(rows / 60) && sheets <= rows / 5 + 3, `${rows} rows take ${sheets} sheets of paper`);
    check(url);
    // Times depend on the machine. They are printed, and not judged.
    return Object.entries(seen.times).map(([name, time]) => `${name} ${Math.round(time)} ms`).join(', ');
  } finally {
    await page.close();
  }
}

/** Where scripts do not run, the reasons are there, and the page says why the list is not. */
async function checkWithoutScripts(browser, file) {
  const { page } = await open(browser, pathToFileURL(file).href, { javaScriptEnabled: false });
  assert.equal(await page.locator('#tools').isVisible(), false);
  assert.match(await page.locator('body').innerText(), /JavaScript/);
  assert.notEqual(await page.locator('table.reasons tbody tr').count(), 0);
}

/** Writes a report, and returns its file and what it has to list. */
async function report(name, platform, task, env) {
  const file = `${folder}/${name}.html`;
  await northbound([...platform, 'report', task, '--out', file], env);
  return [file, listed(await northbound([...platform, 'subtasks', task, '--status', 'Fail,Timeout', '-o', 'jsonl'], env))];
}

const at = (url) => ['--endpoint', url, '--app-id', 'demo-app', '--quota', '0'];
const SECRET = { NORTHBOUND_SECRET: 'demo-secret' };

test('the report of the demo task', { timeout: 300_000 }, async (t) => {
  const [file, wanted] = await report('demo', ['--emulator'], 'demo');
  const chromium = await browser(t);
  t.diagnostic(await check(chromium, file, wanted));
  await checkWithoutScripts(chromium, file);
  const { page } = await open(chromium, pathToFileURL(file).href);
  await picture(page, 'crates/cli/report.png', 150_000);
});

test('a report whose devices have names that do harm', { timeout: 300_000 }, async (t) => {
  const [file, wanted] = await report('hostile', at(await hostilePlatform(t)), 'demo', SECRET);
  const chromium = await browser(t);
  t.diagnostic(await check(chromium, file, wanted));
  await checkWithoutScripts(chromium, file);
});

test('a report of 100,000 failed devices', { timeout: 600_000 }, async (t) => {
  const scenario = `${folder}/many.toml`;
  const life = '{ sending_seconds = 1, answer_seconds = 1, timeout_seconds = 1, outcomes = { success = 0, fail = 9, timeout = 1 } }';
  writeFileSync(scenario, `clock = "manual"\n[[applications]]\nid = "demo-app"\nsecret = "demo-secret"\n
    [[tasks]]\nid = "many"\napplication = "demo-app"\ncontent = { kind = "generated", subtasks = ${MANY}, life = ${life} }\n`);
  const url = await emulator(t, '--scenario', scenario);
  const advance = { method: 'POST', body: JSON.stringify({ milliseconds: 10_000 }) };
  assert.ok((await fetch(`${url}/_emulator/clock/advance`, advance)).ok);
  const [file, wanted] = await report('many', at(url), 'many', SECRET);
  assert.equal(wanted.devices.length, MANY);
  const chromium = await browser(t);
  t.diagnostic(await check(chromium, file, wanted));
  await checkWithoutScripts(chromium, file);
});

test('the check fails on each kind of broken report', { timeout: 300_000 }, async (t) => {
  const [file, wanted] = await report('sound', ['--emulator'], 'demo');
  const sound = readFileSync(file, 'utf8'), chromium = await browser(t), broken = `${folder}/broken.html`;
  const id = wanted.devices[3], withoutPolicy = sound.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '');
  const add = (element) => withoutPolicy.replace('</body>', `${element}</body>`);
  for (const [what, text, reason] of [
    ['another device id', sound.replaceAll(id, id.replace(/./, 'x')), /deep-equal/],
    ['a picture from elsewhere', add('<svg><image href="http://evil.example/x.png"/></svg>'), /evil\.example/],
    ['a script that is not ours', add('<script>window.hacked = 1</script>'), /hacked/],
    ['a link', add('<a>x</a>'), /elements/],
    ['an error on the console', withoutPolicy.replace('(() => {', '(() => { console.error("broken");'), /broken/],
    ['an exception', withoutPolicy.replace('(() => {', '(() => { setTimeout(() => { throw Error("broken"); });'), /broken/],
    ['pale text', withoutPolicy.replace('--text: #1b2330', '--text: #ccc'), /light: these texts/],
    ['no dark colours', withoutPolicy.replace('(prefers-color-scheme: dark)', '(width < 0px)'), /dark: the background/],
    ['a wide element', withoutPolicy.replace('</header>', '</header><p style="width: 400px">x</p>'), /phone: the page is/],
    ['a secret', sound.replace('</body>', '<!-- demo-secret --></body>'), /demo-secret/],
  ]) {
    assert.notEqual(text, sound, what);
    writeFileSync(broken, text);
    await assert.rejects(check(chromium, broken, wanted), reason, what);
  }
  writeFileSync(broken, sound.replaceAll('JavaScript', 'Java'));
  await assert.rejects(checkWithoutScripts(chromium, broken));
});
