// A platform whose devices have the worst names. The emulator sends none of them.

import { createServer } from 'node:http';

/** Texts that must come out of a page as they went in. Each is part of some device ids and errors. */
export const HOSTILE = [
  "</script><script>window.hacked = 'script'</script>",
  '<img src=x onerror="window.hacked = \'img\'">',
  '<!--<script>',
  '"><svg onload=window.hacked=\'svg\'>',
  "' onmouseover='window.hacked=1",
  'javascript:window.hacked=1',
  '&lt;b&gt; &amp;#x41;',
  "{{constructor.constructor('window.hacked=1')()}} ${window.hacked=1}",
  'a\u2028b\u2029c',
  'meter-\u202e71-tset',
  'meter-\u200b17',
  '水表-七号楼-三单元-0042',
  'line one\nline two\ttabbed\u0000\u001b[31m',
  '=HYPERLINK("http://evil.example/","x")',
  // A spreadsheet may see a formula in each of these.
  '\t=1+1', 'a;-2\r\n@b', '＝3', '"\u00a0+4', ' @5',
];

function row(number, status) {
  const text = HOSTILE[number % HOSTILE.length];
  const error = { error_code: number % 3 === 0 ? text : '100022', error_desc: text };
  return {
    param: { deviceId: `${text} ${number}`, commandId: `${number}-${text}` }, output: text,
    ...(status && { status }), ...(status === 'Fail' && { error: JSON.stringify(error) }),
  };
}

// Some rows have an undocumented status, or none.
const rows = (first, count, status) => Array.from({ length: count }, (_, index) => row(first + index, status));
const ROWS = [...rows(0, 260, 'Fail'), ...rows(260, 7, 'Timeout'), ...HOSTILE.slice(0, 5).map((status, index) => row(1000 + index, status)),
  ...rows(2000, 3), ...rows(3000, 400, 'Success')];

/** The address of a server that has one task with these rows, until the test ends. */
export async function hostilePlatform(t) {
  const server = createServer((request, response) => {
    const query = new URL(request.url, 'http://127.0.0.1').searchParams;
    const [pageNo, pageSize] = [Number(query.get('pageNo')), Number(query.get('pageSize'))];
    const found = ROWS.filter((row) => !query.has('status') || row.status === query.get('status'));
    const page = { totalCount: found.length, pageNo, pageSize, taskDetails: found.slice(pageNo * pageSize, (pageNo + 1) * pageSize) };
    const login = { accessToken: 't0ken-of-the-report', tokenType: 'bearer', expiresIn: 3600 };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.method === 'POST' ? login : page));
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}
