"use strict";
// The list of an export. Rows are drawn as they come into view; text from mail is only ever
// set as text. Nothing here asks the network.
(() => {
  const PRINTED = 20000; // most rows on paper
  const SPARE = 12; // rows drawn beyond the edges of the view
  const data = JSON.parse(document.getElementById("data").textContent);
  const [FOLDER, TIME, SIZE, SUBJECT, FROM, TO, SEEN, LINK, LOST] = Array(9).keys();
  const rows = data.rows;
  const byId = (id) => document.getElementById(id);
  const list = byId("list"), body = byId("rows"), table = byId("messages");
  const shown = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const numbers = new Intl.NumberFormat();
  const keys = {
    date: (row) => row[TIME],
    from: (row) => row[FROM],
    subject: (row) => row[SUBJECT].replace(/^((re|fwd?|aw|wg|tr)\s*:\s*)+/i, ""),
    folder: (row) => data.folders[row[FOLDER]],
    size: (row) => row[SIZE],
  };
  let sorting = { by: "date", down: true };
  let found = []; // numbers of the rows that are listed, in their order
  let order = []; // numbers of all rows, sorted
  let texts = null; // what is searched, made at the first search
  let drawn = [-1, -1];
  let height = 30;

  const folded = (text) =>
    text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  function sizeText(octets) {
    const units = ["B", "kB", "MB", "GB"];
    let at = 0;
    for (; octets >= 1000 && at < units.length - 1; at += 1) octets /= 1000;
    return `${octets.toLocaleString(undefined, { maximumFractionDigits: octets < 10 && at ? 1 : 0 })} ${units[at]}`;
  }

  function sort() {
    const made = rows.map(keys[sorting.by]);
    const compare = typeof made[0] === "number" ? (a, b) => made[a] - made[b]
      : (a, b) => collator.compare(made[a], made[b]);
    const sign = sorting.down ? -1 : 1;
    order = [...rows.keys()].sort((a, b) => sign * compare(a, b) || rows[b][TIME] - rows[a][TIME] || a - b);
    for (const button of table.querySelectorAll("th button")) {
      const heading = button.parentElement;
      if (button.dataset.by !== sorting.by) heading.removeAttribute("aria-sort");
      else heading.setAttribute("aria-sort", sorting.down ? "descending" : "ascending");
    }
  }

  function wanted() {
    const words = folded(byId("words").value).split(/\s+/).filter(Boolean);
    const folder = byId("folder").value === "" ? -1 : Number(byId("folder").value);
    const day = (id, after) => {
      const [year, month, date] = byId(id).value.split("-").map(Number);
      return year ? new Date(year, month - 1, date + after).getTime() / 1000 : null;
    };
    const since = day("since", 0), until = day("until", 1);
    if (words.length && !texts) {
      texts = rows.map((row) => folded(
        [row[SUBJECT], row[FROM], row[TO], data.folders[row[FOLDER]]].join("\n")));
    }
    return (number) => {
      const row = rows[number];
      return (folder < 0 || row[FOLDER] === folder)
        && (since === null || row[TIME] >= since) && (until === null || row[TIME] < until)
        && words.every((word) => texts[number].includes(word));
    };
  }

  function search() {
    found = order.filter(wanted());
    const more = data.more ? ` (${numbers.format(data.more)} more are in manifest.json)` : "";
    byId("count").textContent =
      `${numbers.format(found.length)} of ${numbers.format(rows.length)} messages${more}`;
    table.setAttribute("aria-rowcount", found.length + 1);
    list.scrollTop = 0;
    drawn = [-1, -1];
    draw();
  }

  function cell(text, title) {
    const made = document.createElement("td");
    made.textContent = text;
    if (title) made.title = title;
    return made;
  }

  function lineOf(at) {
    const row = rows[found[at]];
    const line = document.createElement("tr");
    line.setAttribute("aria-rowindex", at + 2);
    line.dataset.at = at;
    if (!row[SEEN]) line.className = "unread";
    const subject = cell("", row[SUBJECT]);
    const text = row[SUBJECT] || "(no subject)";
    if (row[LOST]) {
      line.className = "lost";
      subject.textContent = `${text} — lost: ${row[LOST]}`;
    } else if (row[LINK]) {
      const link = document.createElement("a");
      link.href = `./${row[LINK]}`;
      link.textContent = text;
      subject.append(link);
    } else subject.textContent = text;
    const date = new Date(row[TIME] * 1000);
    line.append(
      cell(shown.format(date), date.toISOString()),
      cell(row[FROM], row[TO] ? `${row[FROM]} to ${row[TO]}` : row[FROM]), subject,
      cell(data.folders[row[FOLDER]]), cell(sizeText(row[SIZE]), `${numbers.format(row[SIZE])} octets`));
    return line;
  }

  function gap(count) {
    const line = document.createElement("tr");
    line.className = "gap";
    line.setAttribute("aria-hidden", "true");
    const inner = document.createElement("td");
    inner.colSpan = 5;
    inner.style.height = `${count * height}px`;
    line.append(inner);
    return line;
  }

  function drawRange(first, last) {
    if (first === drawn[0] && last === drawn[1]) return;
    const focused = document.activeElement?.closest?.("tr[data-at]")?.dataset.at;
    drawn = [first, last];
    const lines = [];
    for (let at = first; at < last; at += 1) lines.push(lineOf(at));
    body.replaceChildren(gap(first), ...lines, gap(found.length - last));
    if (focused !== undefined) (lineAt(Number(focused))?.querySelector("a") ?? list).focus({ preventScroll: true });
  }

  function draw() {
    const top = Math.max(0, Math.floor(list.scrollTop / height) - SPARE);
    const many = Math.ceil(list.clientHeight / height) + 2 * SPARE;
    const first = Math.min(top, Math.max(0, found.length - many));
    drawRange(first, Math.min(found.length, first + many));
  }

  const lineAt = (at) => body.querySelector(`tr[data-at="${at}"]`);

  function focusLine(at) {
    if (at < 0 || at >= found.length) return;
    const head = table.tHead.offsetHeight;
    if (at * height < list.scrollTop) list.scrollTop = at * height;
    else if ((at + 1) * height > list.scrollTop + list.clientHeight - head)
      list.scrollTop = (at + 1) * height - list.clientHeight + head;
    draw();
    lineAt(at)?.querySelector("a")?.focus({ preventScroll: true });
  }

  byId("folder").append(...data.folders.map((name, at) => new Option(name, at)));
  for (const time of document.querySelectorAll("time")) time.textContent = shown.format(new Date(time.dateTime));
  let waiting = 0;
  byId("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 120);
  });
  byId("search").addEventListener("submit", (event) => event.preventDefault());
  table.tHead.addEventListener("click", (event) => {
    const by = event.target.dataset.by;
    if (!by) return;
    sorting = { by, down: sorting.by === by ? !sorting.down : by === "date" || by === "size" };
    sort();
    search();
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const line = event.target.closest("tr[data-at]");
    if (!step || !line) return;
    event.preventDefault();
    focusLine(Number(line.dataset.at) + step);
  });
  list.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  addEventListener("resize", draw);
  addEventListener("beforeprint", () => drawRange(0, Math.min(found.length, PRINTED)));
  addEventListener("afterprint", draw);

  sort();
  search();
  height = body.querySelector("tr[data-at]")?.offsetHeight || height;
  drawn = [-1, -1];
  draw();
})();
