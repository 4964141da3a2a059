// The table of failed devices: sorts, searches, and shows a page at a time. Texts of the platform enter the page as text alone.
'use strict';
(() => {
  const PAGE = 100;
  // A printer gets at most so many rows: some forty sheets.
  const PRINTED = 2000;
  // A row: device, command, status, code, words, error, output. The columns of the table by their places in it.
  const [DEVICE, COMMAND, STATUS, CODE, WORDS, ERROR, OUTPUT] = [0, 1, 2, 3, 4, 5, 6];
  const COLUMNS = [DEVICE, STATUS, CODE, WORDS, COMMAND];
  const COLOURED = { Fail: 'fail', Timeout: 'timeout' };

  const element = id => document.getElementById(id);
  const list = element('list');
  if (!list) return;
  const body = list.tBodies[0];
  const { rows, texts, codes } = JSON.parse(element('rows').textContent);
  const cell = (row, place) => {
    const value = rows[row][place];
    return typeof value === 'number' ? texts[value] : value;
  };
  const grouped = number => number.toLocaleString('en');

  // What is asked for: a code of one of the reasons (null for none at all), words to be found, and an order.
  let code, words = [], order = { column: null, down: false };
  // What that comes to: the rows in their order, and the page of them.
  let matching = [], page = 0;

  const every = Array.from(rows.keys());
  const sorted = new Map();

  // What the platform did not say stands at the end in both directions.
  function inOrder({ column, down }) {
    if (column === null) return every;
    const name = `${column} ${down}`;
    if (!sorted.has(name)) {
      const ranks = ranked(column);
      const sign = down ? -1 : 1;
      sorted.set(name, every.slice().sort((a, b) =>
        (ranks[a] < 0) - (ranks[b] < 0) || sign * (ranks[a] - ranks[b]) || a - b));
    }
    return sorted.get(name);
  }

  // Ids stand in the order of their characters, since most are hexadecimal digits; numbers within other texts count as numbers.
  // Each different text is compared with the others once.
  function ranked(column) {
    const isId = column === DEVICE || column === COMMAND;
    const compare = isId ? undefined : new Intl.Collator('en', { numeric: true }).compare;
    const different = new Set();
    for (const row of every) different.add(cell(row, column));
    different.delete(null);
    const ranks = new Map([...different].sort(compare).map((text, rank) => [text, rank]));
    return every.map(row => ranks.get(cell(row, column)) ?? -1);
  }

  let hay = null;

  function found(row) {
    return words.every(word => hay[row].includes(word));
  }

  function select() {
    if (words.length > 0) hay ??= every.map(row => rows[row].map((_, place) => cell(row, place) ?? '').join('\n').toLowerCase());
    matching = inOrder(order).filter(row => (code === undefined || cell(row, CODE) === code) && found(row));
    page = 0;
    show();
  }

  const pages = () => Math.max(1, Math.ceil(matching.length / PAGE));

  function show() {
    page = Math.min(Math.max(page, 0), pages() - 1);
    fill(page * PAGE, PAGE);
    const all = rows.length === matching.length;
    element('count').textContent =
      all ? `${grouped(rows.length)} devices` : `${grouped(matching.length)} of ${grouped(rows.length)} devices`;
    const devices = matching.length;
    element('copy').textContent = `Copy ${devices === 1 ? 'the device id' : `${grouped(devices)} device ids`}`;
    element('copy').disabled = devices === 0;
    document.querySelectorAll('nav.pages').forEach(pager);
    for (const [place, heading] of [...list.tHead.rows[0].cells].entries()) {
      const sorts = order.column === COLUMNS[place];
      if (sorts) heading.setAttribute('aria-sort', order.down ? 'descending' : 'ascending');
      else heading.removeAttribute('aria-sort');
    }
  }

  function fill(from, count) {
    body.replaceChildren(...matching.slice(from, from + count).map(line));
    if (matching.length === 0) {
      const empty = body.insertRow().insertCell();
      empty.colSpan = COLUMNS.length;
      empty.className = 'none';
      empty.textContent = 'No device matches.';
    }
  }

  function line(row) {
    const line = document.createElement('tr');
    const headings = list.tHead.rows[0].cells;
    for (const [place, column] of COLUMNS.entries()) {
      const data = line.insertCell();
      data.dataset.heading = headings[place].textContent;
      const text = cell(row, column);
      if (column === DEVICE) data.append(opener(row, line));
      if (column === STATUS) data.className = COLOURED[text] ?? '';
      if (column === DEVICE || column === COMMAND || column === CODE) data.classList.add('id');
      data.append(text === null ? absent() : shown(text));
    }
    return line;
  }

  function absent() {
    const none = document.createElement('span');
    none.className = 'none';
    none.textContent = 'none';
    return none;
  }

  // Characters that cannot be seen, or that turn a line around, are shown by their names: two ids that look alike must not be
  // mistaken for one.
  const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;

  function shown(text) {
    const isolated = document.createElement('bdi');
    if (!UNSEEN.test(text)) {
      isolated.textContent = text;
      return isolated;
    }
    for (const piece of text.split(new RegExp(`(${UNSEEN.source})`, 'u'))) {
      if (!UNSEEN.test(piece)) {
        isolated.append(piece);
        continue;
      }
      const name = document.createElement('span');
      name.className = 'unseen-character';
      name.textContent = 'U+' + piece.codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
      isolated.append(name);
    }
    return isolated;
  }

  // What the platform sent of a subtask, below its row.
  function opener(row, line) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'open';
    button.setAttribute('aria-expanded', 'false');
    button.setAttribute('aria-label', 'What the platform sent');
    button.onclick = () => {
      const open = button.getAttribute('aria-expanded') === 'false';
      button.setAttribute('aria-expanded', String(open));
      if (!open) return line.nextElementSibling.remove();
      const below = document.createElement('tr');
      below.className = 'sent';
      const data = below.insertCell();
      data.colSpan = COLUMNS.length;
      const facts = data.appendChild(document.createElement('dl'));
      for (const [name, place] of [['error', ERROR], ['output', OUTPUT]]) {
        facts.appendChild(document.createElement('dt')).textContent = name;
        const text = cell(row, place);
        facts.appendChild(document.createElement('dd')).append(text === null ? absent() : shown(text));
      }
      line.after(below);
    };
    return button;
  }

  function pager(nav, place) {
    nav.hidden = pages() === 1;
    if (nav.childElementCount === 0) {
      const step = (label, name, to) => {
        const button = document.createElement('button');
        button.type = 'button';
        button.textContent = label;
        button.setAttribute('aria-label', name);
        button.onclick = () => {
          page = to();
          show();
          // Below the table a reader goes on at its top; a button that has just gone dead leaves the focus to its neighbour.
          if (place > 0) element('devices').scrollIntoView();
          if (button.disabled) nav.querySelector('button:not(:disabled)')?.focus({ preventScroll: place > 0 });
        };
        return button;
      };
      nav.append(
        step('«', 'First page', () => 0), step('‹ Previous', 'Previous page', () => page - 1),
        document.createElement('span'),
        step('Next ›', 'Next page', () => page + 1), step('»', 'Last page', () => pages() - 1));
    }
    nav.querySelector('span').textContent = `Page ${grouped(page + 1)} of ${grouped(pages())}`;
    nav.querySelectorAll('button').forEach((button, place) => {
      button.disabled = place < 2 ? page === 0 : page === pages() - 1;
    });
  }

  list.tHead.querySelectorAll('button').forEach((button, place) => {
    button.onclick = () => {
      const column = COLUMNS[place];
      if (order.column !== column) order = { column, down: false };
      else if (!order.down) order = { column, down: true };
      else order = { column: null, down: false };
      select();
    };
  });

  const search = element('search');
  let typing;
  search.oninput = () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      select();
    }, 80);
  };

  function only(wanted) {
    code = wanted;
    const filter = element('filter');
    filter.hidden = code === undefined;
    if (code !== undefined) {
      const all = document.createElement('button');
      all.type = 'button';
      all.textContent = '×';
      all.setAttribute('aria-label', 'All codes');
      all.onclick = () => {
        only(undefined);
        search.focus();
      };
      filter.replaceChildren(code === null ? 'without a code' : 'code ', code === null ? '' : shown(code), all);
    }
    select();
  }

  document.querySelectorAll('button.show').forEach((button, reason) => {
    const code = codes[reason];
    button.hidden = false;
    button.nextElementSibling.hidden = true;
    button.title = code === null ? 'Show the devices without a code' : `Show the devices with code ${code}`;
    button.onclick = () => {
      only(code);
      element('devices').scrollIntoView();
      search.focus({ preventScroll: true });
    };
  });

  element('copy').onclick = async () => {
    const ids = matching.map(row => cell(row, DEVICE)).filter(id => id !== null);
    let copied = `${grouped(ids.length)} copied`;
    try {
      await navigator.clipboard.writeText(ids.join('\n') + '\n');
    } catch {
      copied = 'The browser does not let a page copy';
    }
    element('copy').textContent = copied;
  };

  // Paper has no next page: it gets the rows from the start, and says what is missing.
  addEventListener('beforeprint', () => {
    fill(0, PRINTED);
    const printed = Math.min(matching.length, PRINTED);
    element('printed').textContent = printed < rows.length ? `Printed: ${grouped(printed)} of ${grouped(rows.length)} devices.` : '';
  });
  addEventListener('afterprint', () => {
    element('printed').textContent = '';
    show();
  });

  element('tools').hidden = false;
  list.hidden = false;
  select();
})();
