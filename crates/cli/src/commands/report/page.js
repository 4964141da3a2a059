// The table of failed devices: sorts, searches, and shows a page at a time. Texts of the platform enter the page as text alone.
'use strict';
(() => {
  const PAGE = 100;
  // A printer gets at most so many rows: some forty sheets.
  const PRINTED = 2000;
  // A sheet is so many letters wide, and nobody can scroll it.
  const SHEET = 100;
  // A word that is longer than an id may break anywhere.
  const LONG = /\S{37}/u;
  // Characters that cannot be seen, or that turn a line around, are shown by their names: two ids that look alike must not be
  // mistaken for one.
  const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;
  // A row: device, command, status, code, reason, output, error, words, whether it is new, and the user's own columns.
  const [DEVICE, COMMAND, STATUS, CODE, REASON, OUTPUT, ERROR, WORDS, NEW, OWN] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const COLOURED = { Fail: 'fail', Timeout: 'timeout' };

  const element = id => document.getElementById(id);
  const list = element('list');
  if (!list) return;
  const body = list.tBodies[0], titles = list.tHead.rows[0];
  const { rows, texts, codes, own, by, values, csv, since } = JSON.parse(element('rows').textContent);
  const cell = (row, place) => {
    const value = rows[row][place];
    if (place === WORDS && value === true) return cell(row, REASON);
    return typeof value === 'number' ? texts[value] : value;
  };
  // The columns of the table, by their places in a row. Own columns take the place of the command, which then is below the row.
  const owned = own.map((_, place) => OWN + place);
  const COLUMNS = [DEVICE, ...owned, STATUS, CODE, WORDS, ...(own.length ? [] : [COMMAND])];
  const BELOW = { ...(own.length && { command: COMMAND }), error: ERROR, output: OUTPUT };
  if (own.length) {
    titles.lastElementChild.remove();
    titles.firstElementChild.after(...own.map(name => {
      const title = titles.firstElementChild.cloneNode(true);
      title.firstElementChild.replaceChildren(shown(name));
      return title;
    }));
    element('frame').className = 'wide';
  }

  const grouped = number => number.toLocaleString('en');

  // What is asked for: one text in a column (null for none at all), only what is new, words to be found, and an order.
  let filter = null, onlyNew = false, words = [], order = { column: null, down: false };
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
    different.delete('');
    const ranks = new Map([...different].sort(compare).map((text, rank) => [text, rank]));
    return every.map(row => ranks.get(cell(row, column)) ?? -1);
  }

  let hay = null;

  function found(row) {
    return words.every(word => hay[row].includes(word));
  }

  function select() {
    if (words.length > 0) hay ??= every.map(row => rows[row].map((_, place) => place === NEW ? '' : cell(row, place) ?? '').join('\n').toLowerCase());
    matching = inOrder(order).filter(row =>
      (filter === null || cell(row, filter.column) === filter.text) && (!onlyNew || cell(row, NEW)) && found(row));
    page = 0;
    show();
  }

  const pages = () => Math.max(1, Math.ceil(matching.length / PAGE));

  function show() {
    page = Math.min(Math.max(page, 0), pages() - 1);
    fill(page * PAGE, PAGE);
    fit();
    const all = rows.length === matching.length;
    element('count').textContent =
      all ? `${grouped(rows.length)} devices` : `${grouped(matching.length)} of ${grouped(rows.length)} devices`;
    const devices = matching.length;
    element('copy').textContent = `Copy ${devices === 1 ? 'the device id' : `${grouped(devices)} device ids`}`;
    element('copy').disabled = element('csv').disabled = devices === 0;
    document.querySelectorAll('nav.pages').forEach(pager);
    for (const [place, heading] of [...titles.cells].entries()) {
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

  // Where the words of the columns have no room beside each other, they may be broken. With own columns the table can be scrolled.
  function fit() {
    list.classList.remove('tight');
    list.classList.toggle('tight', own.length === 0 && list.scrollWidth > element('frame').clientWidth);
  }
  addEventListener('resize', fit);

  function line(row) {
    const line = document.createElement('tr');
    const headings = titles.cells;
    for (const [place, column] of COLUMNS.entries()) {
      const data = line.insertCell();
      data.dataset.heading = headings[place].textContent;
      const text = cell(row, column);
      if (column === DEVICE) data.append(opener(row, line));
      if (column === DEVICE && cell(row, NEW)) data.append(isNew());
      if (column === STATUS) data.className = COLOURED[text] ?? '';
      if (column === DEVICE || column === COMMAND || column === CODE) data.classList.add('id');
      if (column < OWN || text !== '') data.append(text === null ? absent() : shown(text));
    }
    return line;
  }

  function isNew() {
    const mark = document.createElement('span');
    mark.className = 'new';
    mark.textContent = 'new';
    return mark;
  }

  function absent() {
    const none = document.createElement('span');
    none.className = 'none';
    none.textContent = 'none';
    return none;
  }

  function shown(text) {
    const isolated = document.createElement('bdi');
    if (LONG.test(text)) isolated.className = 'long';
    else if (!/[\s\u2e80-\u{10ffff}]/u.test(text)) isolated.className = 'whole';
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
      for (const [name, place] of Object.entries(BELOW)) {
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
    filter = wanted;
    element('filter').hidden = filter === null;
    if (filter !== null) {
      const all = document.createElement('button');
      all.type = 'button';
      all.textContent = '×';
      all.setAttribute('aria-label', 'All devices');
      all.onclick = () => {
        only(null);
        search.focus();
      };
      const { name, text } = filter;
      element('filter').replaceChildren(text === null ? `without a ${name}` : `${name} `, text === null ? '' : shown(text), all);
    }
    select();
  }

  // A number of devices in another table becomes a button that shows them.
  function lead(button, wanted) {
    button.hidden = false;
    button.nextElementSibling.hidden = true;
    button.title = `Show the devices ${wanted.text === null ? 'without a' : 'with'} ${wanted.name} ${wanted.text ?? ''}`.trim();
    button.onclick = () => {
      only(wanted);
      element('devices').scrollIntoView();
      search.focus({ preventScroll: true });
    };
  }

  document.querySelectorAll('.reasons button.show').forEach((button, reason) =>
    lead(button, { column: CODE, name: 'code', text: codes[reason] }));
  // Some lines stand for no value, such as that for devices that are not in the user's file.
  const there = by === null ? null : new Set(every.map(row => cell(row, OWN + by)));
  document.querySelectorAll('.groups button.show').forEach((button, value) => {
    const text = values[value];
    if (there.has(text)) lead(button, { column: OWN + by, name: own[by], text });
  });

  element('new').hidden = !since;
  if (since) {
    element('new').onclick = () => {
      onlyNew = !onlyNew;
      element('new').setAttribute('aria-pressed', String(onlyNew));
      select();
    };
  }

  // The csv that the command prints, with the user's columns after the device: text that could be a formula gets an apostrophe, by the
  // same rule as in `northbound subtasks -o csv`.
  const FORMULA = /(?<=^|[;\t\r\n])(?=(?:(?![;\t\r\n])[\p{White_Space}\p{Cc}"\ufeff])*[=+\-@＝＋－＠])/gu;
  const QUOTED = /[,"\n\r;\t]|^\p{White_Space}|\p{White_Space}$/u;

  function written(cells) {
    const each = text => {
      const safe = (/^[\t\r\n]/.test(text) ? "'" : '') + text.replace(FORMULA, "'");
      return QUOTED.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    };
    return cells.map(each).join(',') + '\n';
  }

  element('csv').onclick = () => {
    const isNew = { true: 'yes', false: 'no', null: '' };
    const [device, ...rest] = csv;
    const heading = written([device, ...own, ...(since ? ['new'] : []), ...rest]);
    const lines = matching.map(row => {
      const cells = place => cell(row, place) ?? '';
      return written([cells(DEVICE), ...owned.map(cells), ...(since ? [isNew[cell(row, NEW)]] : []), ...rest.map((_, place) => cells(place + 1))]);
    });
    // The mark at the beginning tells a spreadsheet that this is UTF-8.
    const file = new Blob(['\ufeff', heading, ...lines], { type: 'text/csv;charset=utf-8' });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(file);
    link.download = 'failed-devices.csv';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };

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
    const printed = Math.min(matching.length, PRINTED), broad = text => LONG.test(text) ? 1 : Math.max(...text.split(/\s/).map(word => word.length));
    const widths = COLUMNS.map(column => Math.max(...matching.slice(0, printed).map(row => broad(cell(row, column) ?? ''))));
    list.classList.toggle('tight', widths.reduce((sum, width) => sum + width, 0) > SHEET);
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
