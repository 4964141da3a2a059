// The page that `northbound report` writes: of the demo task, of names that do harm, and of very many devices.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { extractText, getDocumentProxy } from 'unpdf';

import { hostilePlatform } from './hostile.mjs';
import { browser, emulator, folder, northbound, open, picture } from './northbound.mjs';
import { look, use } from './report-page.mjs';

const PAGE = 100, PRINTED = 2000, MANY = 100_000;
const SECRETS = ['demo-secret', 't0ken-of-the-report'];
// Name, medium, width, dark. A phone has 40 columns of text. A sheet of A4 is 688 pixels wide within its margins.
const LOOKS = [['light', 'screen', 1200, false], ['dark', 'screen', 900, true], ['phone', 'screen', 340, false],
  ['dark-phone', 'screen', 400, true], ['paper', 'print', 688, false], ['paper-of-dark', 'print', 688, true]];

const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

const grouped = (number) => number.toLocaleString('en');
/** A text as the page shows it: with names for characters that cannot be seen. */
const shown = (text) => text.replace(/[\p{Cc}\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu,
  (unseen) => `U+${unseen.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`);

/** What a report has to list: the rows that the command prints of the same task. */
function listed(lines, csv) {
  const rows = lines.trim().split('\n').map((line) => JSON.parse(line));
  const ids = rows.map((row) => row.param.deviceId);
  const codes = rows.map((row) => row.error ? shown(JSON.parse(row.error).error_code) : null);
  return { devices: ids.map(shown), sorted: ids.toSorted().map(shown), codes, error: shown(rows[0].error), csv,
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

function checkLook(name, { read, pale, broken, row, ground, width, room }) {
  assert.ok(read >= PAGE, `${name}: only ${read} texts can be seen`);
  assert.deepEqual(pale, [], `${name}: these texts have too little contrast`);
  assert.deepEqual(broken, [], `${name}: these words are broken`);
  assert.equal(ground < 0.2, ['dark', 'dark-phone'].includes(name), `${name}: the background has the lightness ${ground}`);
  assert.equal(row, name.endsWith('phone') ? 'block' : 'table-row', `${name}: how a row of the table is laid out`);
  assert.ok(width <= room, `${name}: the page is ${width} wide, and the window ${room}`);
}

/** What axe finds that keeps people from using the page. */
async function checkAccess(name, page) {
  await page.evaluate(AXE);
  const { violations, passes } = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
  assert.ok(passes.length > 10, `${name}: axe has looked at ${passes.length} things`);
  const found = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact));
  assert.deepEqual(found.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), [], `${name}: what axe finds`);
}

/** The csv that the button saves. */
async function saved(page) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#csv').click()]);
  return readFileSync(await download.path(), 'utf8').replace(/^\ufeff/, '');
}

/** Each sheet of the list has the headings of its columns. */
async function checkSheets(pdf, { devices }) {
  const { text } = await extractText(await getDocumentProxy(new Uint8Array(pdf)));
  const ids = devices.filter((device) => /^[\w-]+$/.test(device)).slice(0, PRINTED);
  const listing = text.filter((sheet) => ids.some((id) => sheet.includes(id)));
  assert.ok(ids.length === 0 || listing.length >= Math.min(devices.length, PRINTED) / 60, `${listing.length} sheets have devices`);
  const bare = listing.filter((sheet) => !/Device\s+Status|Device\s+\S[^]*Status\s+Code/.test(sheet));
  assert.equal(bare.length, 0, `sheets without headings: ${bare[0]?.slice(0, 200)}`);
}

/** How the page looks on screens and on paper. */
async function checkLooks(page, file, wanted) {
  for (const [name, media, width, dark] of LOOKS) {
    await page.setViewportSize({ width, height: 1000 });
    await page.emulateMedia({ media, colorScheme: dark ? 'dark' : 'light' });
    if (media === 'print') await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    checkLook(name, await page.evaluate(look));
    // It looks at every cell, which takes minutes where many rows are printed.
    if (wanted.devices.length < PRINTED) await checkAccess(name, page);
    await page.screenshot({ path: file.replace('.html', `-${name}.png`) });
  }
  // A sheet holds some forty rows.
  const pdf = await page.pdf({ path: file.replace('.html', '.pdf'), format: 'A4' });
  const sheets = pdf.toString('latin1').split('/Type /Page\n').length - 1, rows = Math.min(wanted.devices.length, PRINTED);
  assert.ok(sheets > 0 && sheets >= Math.floor(rows / 60) && sheets <= rows / 5 + 3, `${rows} rows take ${sheets} sheets of paper`);
  await checkSheets(pdf, wanted);
}

/** Everything that is looked at, on one report. */
async function check(browser, file, wanted) {
  const text = readFileSync(file, 'utf8'), url = pathToFileURL(file).href;
  assert.deepEqual(SECRETS.filter((secret) => text.includes(secret)), []);
  const { page, check } = await open(browser, url);
  try {
    const seen = await page.evaluate(use, { device: wanted.devices.at(-1).split(/\s/).at(-1) });
    checkUse(seen, wanted);
    assert.ok(await saved(page) === wanted.csv, 'the csv of the page is not that of the command');
    await checkLooks(page, file, wanted);
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
  const rows = (format) => northbound([...platform, 'subtasks', task, '--status', 'Fail,Timeout', '-o', format], env);
  return [file, listed(await rows('jsonl'), await rows('csv'))];
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

test('a report with own columns, of what is new since an older export', { timeout: 300_000 }, async (t) => {
  const all = await northbound(['--emulator', 'subtasks', 'demo', '--status', 'Fail,Timeout', '-o', 'csv']);
  const [heading, ...rows] = all.trimEnd().split('\n'), ids = rows.map((row) => row.split(',')[0]);
  // The last 20 devices did not fail then, and another one did. Every tenth device is not in the user's file.
  const older = `${folder}/older.csv`, meters = `${folder}/meters.csv`;
  writeFileSync(older, [heading, ...rows.slice(0, -20), rows[0].replace(ids[0], 'repaired'), ''].join('\n'));
  const own = ids.map((id, place) => `${id},=SN-${place},"Long Road ${place}, rear building",${['North', 'South', ''][place % 3]}`);
  writeFileSync(meters, ['deviceId,serial,street,district', ...own.filter((_, place) => place % 10), 'unused,1,2,3', ''].join('\n'));
  const join = ['--join', meters], file = `${folder}/own.html`;
  const further = [...join, '--by', 'district', '--since', older, '--title', 'Meters <of> May', '--time-zone', 'Asia/Shanghai'];
  await northbound(['--emulator', 'report', 'demo', '--out', file, ...further]);
  const { page, check } = await open(await browser(t), pathToFileURL(file).href);
  const text = await page.locator('body').innerText(), count = () => page.locator('#count').innerText();
  assert.match(text, /^BATCH TASK DEMO\s+Meters <of> May\s+.* · \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+08:00\n/);
  assert.match(text, /Since older.csv: 20 failed now and not then, 134 both times, 1 then and not now\./);
  assert.match(text, /field team[^]*Check the device's connection/);
  assert.match(text, /16 devices of these rows are not in .*meters.csv/);
  assert.deepEqual(await page.locator('#list thead th').allInnerTexts(), ['Device', 'serial', 'street', 'district', 'Status', 'Code', 'Platform’s words']);
  assert.equal(await page.locator('#list .new').count(), 0, 'what is new is at the end');

  // The csv of the page is that of the command, and says what is new.
  const expected = await northbound(['--emulator', 'subtasks', 'demo', '--status', 'Fail,Timeout', '-o', 'csv', ...join]);
  const marked = expected.trimEnd().split('\n').map((line, place) =>
    line.replace(/^([^,]*,[^,]*,(?:"[^"]*")?(?:street)?,[^,]*,)/, `$1${place === 0 ? 'new' : place > 134 ? 'yes' : 'no'},`));
  assert.deepEqual((await saved(page)).trimEnd().split('\n'), marked);

  // Only what is new, then one district.
  await page.locator('#new').click();
  assert.equal(await count(), '20 of 154 devices');
  assert.equal((await saved(page)).trimEnd().split('\n').length, 21);
  await page.locator('#new').click();
  const north = page.locator('.groups tr', { hasText: 'North' }).getByRole('button');
  const devices = await north.innerText();
  await north.click();
  assert.equal(await count(), `${devices} of 154 devices`);
  assert.deepEqual([...new Set(await page.locator('#list tbody td:nth-child(4)').allInnerTexts())], ['North']);
  assert.equal(await page.locator('.groups button:visible').count(), 2, 'what stands for no value is no button');
  await page.locator('#filter button').click();
  await page.locator('#list .open').first().click();
  assert.match(await page.locator('#list .sent').innerText(), /command\s+[0-9a-f]{32}/);
  await page.locator('#list .open').first().click();
  await checkLooks(page, file, { devices: ids });
  check(pathToFileURL(file).href);
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

test('the check fails on each kind of broken report', { timeout: 600_000 }, async (t) => {
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
    ['a broken word', withoutPolicy.replace('break-word;', 'break-word; word-break: break-all;').replace('white-space: nowrap; }\n.long', '}\n.long'), /words are broken/],
    ['an input without a label', sound.replace('<label for="search">', '<label>').replace(/ placeholder="[^"]*"/, ''), /label: /],
    ['sheets without headings', withoutPolicy.replace('.sort { display: contents; }', ''), /sheets without headings/],
    ['a csv of another kind', withoutPolicy.replace("join(',')", "join(';')"), /csv of the page/],
    ['a secret', sound.replace('</body>', '<!-- demo-secret --></body>'), /demo-secret/],
  ]) {
    assert.notEqual(text, sound, what);
    writeFileSync(broken, text);
    await assert.rejects(check(chromium, broken, wanted), reason, what);
  }
  writeFileSync(broken, sound.replaceAll('JavaScript', 'Java'));
  await assert.rejects(checkWithoutScripts(chromium, broken));
});
