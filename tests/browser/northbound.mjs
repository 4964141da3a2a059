// What the browser tests share: the command `northbound`, its emulator, and a page that is watched.
// `cargo xtask browser` builds the command, installs Playwright and sets the variables that are read here.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const set = (name) => process.env[name] ?? assert.fail(`${name} is not set: run \`cargo xtask browser\``);

/** Where reports and pictures are written, for a person to look at. */
export const folder = set('BROWSER_OUT');
mkdirSync(folder, { recursive: true });

/** What the command prints; its arguments, and further environment variables. */
export async function northbound(args, env = {}) {
  const options = { maxBuffer: 2 ** 28, env: { ...process.env, ...env } };
  return (await promisify(execFile)(set('NORTHBOUND'), args, options)).stdout;
}

/** The address of an emulator that runs until the test ends. */
export async function emulator(t, ...args) {
  const serve = ['emulator', 'serve', '--listen', '127.0.0.1:0', ...args];
  const server = spawn(set('NORTHBOUND'), serve, { stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => server.kill());
  const [line] = await once(createInterface(server.stdout), 'line');
  return line.replace('listening on ', '');
}

/** Chromium, which resolves no host name, until the test ends. */
export async function browser(t) {
  const started = await chromium.launch({
    executablePath: set('CHROMIUM'),
    // The browser's own sandbox does not start as root. The browser opens only pages of this project.
    args: ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  });
  t.after(() => started.close());
  return started;
}

/** A page that records what it asks for and what it complains about. `check` says whether it kept to the address `home`. */
export async function open(browser, url, options = {}) {
  const page = await browser.newPage({ viewport: { width: 1200, height: 1000 }, ...options });
  const asked = [], complaints = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(url);
  const check = (home) => {
    assert.notEqual(asked.length, 0, 'the browser reports no request, not even the one for the page');
    const elsewhere = asked.filter((address) => !address.startsWith(home) && !address.startsWith('data:'));
    assert.deepEqual({ elsewhere, complaints }, { elsewhere: [], complaints: [] });
  };
  return { page, check };
}

/** Takes a README's picture again if `cargo xtask browser --pictures` asks for that. */
export async function picture(page, path, largest) {
  const png = await page.screenshot();
  assert.ok(png.length < largest, `${path} would have ${png.length} bytes, too many for a README`);
  if (process.env.PICTURES) writeFileSync(new URL(`../../${path}`, import.meta.url), png);
}
