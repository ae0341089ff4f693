// The customer's page: asks /v1/answer, shows the answer as it comes, and shows where each source says so.
// Everything from the server reaches the page as text, never as markup. Spans count Unicode scalar values, so the code
// works on arrays of code points wherever it cuts a text.

const LIMIT = 4000; // what the server reads of a question
const SILENCE_MS = 30_000; // the server sends a heartbeat more often than this
const WHOLE = 9_000; // longer sources open around the quote only
const AROUND = 2_500;

const WORDS = {
  en: {
    code: "en", name: "Help", hello: "How can we help?", try: "You could ask", log: "Conversation", label: "Your question",
    about: "Ask in your own words. I am a machine: I answer from our policies and show you where each answer stands. A person is one click away, any time.",
    hint: "Write your question", send: "Send", fresh: "New chat", person: "Talk to a person", close: "Close",
    wantPerson: "I want to talk to a person",
    examples: ["What happens if I pay late?", "How long can I return an order?", "What does shipping cost?", "Can I pay off my plan early?"],
    you: "You asked:", searching: "Looking it up…", reading: "Reading our policies…", connecting: "Passing you on…",
    sources: "Sources", source: (n) => `Source ${n}`, version: (n) => `Version ${n}`, since: (d) => `valid since ${d}`,
    until: (d) => `valid until ${d}`, between: (a, b) => `valid ${a} to ${b}`,
    offer: "Not quite what you need? A person can help.",
    handTitle: "A person will take it from here", handText: "Your question and what we found are passed on, so you need not explain it again.",
    handId: "Your reference: ", handNo: "Please keep this page open.",
    count: (n) => `${n} of ${LIMIT} characters`, over: (n) => `${n} of ${LIMIT} characters. Please shorten your question a little.`,
    busy: "Many people are asking right now. Please wait a moment, your question is kept.",
    lost: "The connection was lost. Your question is kept.", refused: "We could not read that question. Could you put it in other words?",
    failed: "Something went wrong on our side. Sorry about that.", retry: "Try again", retryIn: (s) => `Try again in ${s} s`, request: "Request ",
    loading: "Opening the document…", noDocument: "The document cannot be opened right now. These are the words the answer rests on:",
    changed: "These words are not where we expected them in the document:", same: "The marked words are the document’s own.",
    whole: "Show the whole document", published: "Published at ",
  },
  zh: {
    code: "zh-CN", name: "帮助", hello: "有什么可以帮您？", try: "您可以这样问", log: "对话", label: "您的问题",
    about: "用您自己的话问就好。我是机器助手：只根据公司的规定回答，并注明每句话的出处。您随时可以转人工。",
    hint: "请输入您的问题", send: "发送", fresh: "新对话", person: "转人工", close: "关闭",
    wantPerson: "我要转人工",
    examples: ["逾期还款会怎么样？", "收到商品后几天内可以退货？", "运费是多少？", "可以提前还款吗？"],
    you: "您问：", searching: "正在查找…", reading: "正在查阅规定…", connecting: "正在为您转接…",
    sources: "出处", source: (n) => `出处 ${n}`, version: (n) => `第 ${n} 版`, since: (d) => `${d}起有效`,
    until: (d) => `有效期至${d}`, between: (a, b) => `${a}至${b}有效`,
    offer: "没有解决您的问题？可以请人工客服帮您。",
    handTitle: "接下来由人工客服为您处理", handText: "您的问题和已查到的内容都已转交，不用再说一遍。",
    handId: "您的编号：", handNo: "请先不要关闭本页面。",
    count: (n) => `${n} / ${LIMIT} 字`, over: (n) => `${n} / ${LIMIT} 字，请稍微缩短一些。`,
    busy: "现在咨询的人较多，请稍等片刻，您的问题已保留。",
    lost: "网络连接断开了，您的问题已保留。", refused: "没能读懂这个问题，换个说法试试好吗？",
    failed: "我们这边出了点问题，很抱歉。", retry: "重试", retryIn: (s) => `${s} 秒后可重试`, request: "请求编号 ",
    loading: "正在打开文件…", noDocument: "暂时打不开这份文件。回答所依据的原文是：",
    changed: "文件中原来的位置没有找到这段话：", same: "标出的文字就是文件原文。",
    whole: "显示全文", published: "发布地址：",
  },
};

const $ = (id) => document.getElementById(id);
let words = WORDS.en;
let conversation = null;
let running = null; // {abort, turn}: the question under way

/** Makes an element; `content` is text or children, never markup. */
function el(tag, className, ...content) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...content);
  return node;
}

function button(className, text, onClick) {
  const node = el("button", className, text);
  node.type = "button";
  node.addEventListener("click", onClick);
  return node;
}

// ---- asking ----

/** A reply that is not an answer: what to tell the customer, and when asking again makes sense. */
class Trouble extends Error {
  constructor(kind, { retryMs = 0, request = "" } = {}) {
    super(kind);
    Object.assign(this, { kind, retryMs, request });
  }

  /** From a problem report: an HTTP error's body or the data of an `error` event. */
  static from(status, problem, retryAfter) {
    const code = String(problem?.code ?? "");
    const kind = status === 429 || status === 503 || code === "overloaded" ? "busy"
      : status === 400 || status === 413 || status === 422 || code === "bad_request" ? "refused" : "failed";
    const retryMs = Number(problem?.retry_after_ms) || Number(retryAfter) * 1000 || (kind === "busy" ? 3000 : 0);
    return new Trouble(kind, { retryMs, request: String(problem?.request_id ?? "") });
  }
}

/** The events of a stream, as [name, data]. `alive` is called for every piece that arrives, heartbeats too. */
async function* eventsOf(body, alive) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    buffer = (buffer + value).replace(/\r\n/g, "\n");
    const blocks = buffer.split("\n\n");
    buffer = blocks.pop();
    for (const block of blocks) {
      let name = "message";
      const data = [];
      for (const line of block.split("\n")) {
        if (line.startsWith("event:")) name = line.slice(6).trim();
        else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
      }
      if (data.length) yield [name, JSON.parse(data.join("\n"))];
    }
  }
}

/** Sends the question and draws what comes back into `turn`. Throws `Trouble`, or an abort when the customer went on. */
async function converse(question, turn, abort) {
  let timer;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(new Trouble("lost")), SILENCE_MS);
  };
  alive();
  try {
    const response = await fetch("v1/answer", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream" },
      body: JSON.stringify({ question, conversation_id: conversation, language: "auto", stream: true }),
      signal: abort.signal,
    });
    if (!response.ok) throw Trouble.from(response.status, await response.json().catch(() => null), response.headers.get("retry-after"));
    for await (const [name, data] of eventsOf(response.body, alive)) {
      if (abort.signal.aborted) throw abort.signal.reason;
      if (name === "answer.started") conversation = data.conversation_id ?? conversation;
      else if (name === "retrieval.done") turn.wait(words.reading);
      else if (name === "escalation.decided" && data.decision === "escalate") turn.wait(words.connecting);
      else if (name === "answer.delta") turn.add(data.text);
      else if (name === "citation.added") turn.cite(data);
      else if (name === "error") throw Trouble.from(Number(data.status), data);
      else if (name === "answer.completed") return turn.complete(data);
    }
    throw new Trouble("lost"); // the stream ended before the answer did
  } catch (error) {
    if (abort.signal.aborted) throw abort.signal.reason;
    if (error instanceof Trouble) throw error;
    throw new Trouble(error instanceof TypeError ? "lost" : "failed");
  } finally {
    clearTimeout(timer);
  }
}

const MOVED_ON = new DOMException("the customer asked something else", "AbortError");

/** Asks a question. An earlier one still under way gives way, so that a person can be asked for at any moment. */
async function ask(question, turn = new Turn(question)) {
  running?.abort.abort(MOVED_ON);
  const abort = new AbortController();
  const mine = (running = { abort, turn });
  $("greeting").hidden = true;
  $("new").hidden = false;
  turn.begin();
  refreshSend();
  try {
    await converse(question, turn, abort);
  } catch (error) {
    if (error === MOVED_ON) turn.leave();
    else turn.fail(error instanceof Trouble ? error : new Trouble("failed"), question);
  } finally {
    if (running === mine) running = null;
    refreshSend();
  }
}

// ---- one question and its reply ----

/** A question on the page, and below it what became of it. */
class Turn {
  constructor(question) {
    this.reply = el("div", "reply");
    this.node = el("article", "turn", el("p", "asked", el("span", "sr", words.you + " "), question), this.reply);
    $("log").append(this.node);
  }

  begin() {
    this.status = el("p", "wait", words.searching);
    this.answer = null;
    this.text = "";
    this.citations = [];
    this.reply.replaceChildren(this.status);
    this.node.scrollIntoView({ block: "end" });
  }

  wait(text) {
    this.status.textContent = text;
  }

  add(text) {
    if (!this.answer) {
      this.answer = el("div", "answer");
      this.answer.dataset.testid = "answer";
      this.status.replaceWith(this.answer);
    }
    this.text += text;
    this.answer.textContent = this.text;
    this.node.scrollIntoView({ block: "end" });
  }

  /** Keeps a citation; two that point at the same words are one source. */
  cite(citation) {
    const key = (c) => `${c.document_id} ${c.version} ${c.span.start} ${c.span.end}`;
    let found = this.citations.find((c) => key(c) === key(citation));
    if (!found) this.citations.push((found = { ...citation, ends: new Set() }));
    found.ends.add(citation.answer_span.end);
  }

  complete(answer) {
    conversation = answer.conversation_id ?? conversation;
    this.text = "";
    this.citations = [];
    this.add(answer.answer);
    this.answer.lang = answer.language === "zh" ? "zh-CN" : answer.language;
    answer.citations.forEach((citation) => this.cite(citation));
    this.#drawSources();
    // One that could not be kept says so in the answer.
    const isPassedOn = answer.decision === "escalate" && answer.handoff?.state !== "failed";
    if (answer.decision === "offer") {
      this.reply.append(el("div", "offer", el("p", "", words.offer), button("", words.person, askPerson)));
    } else if (isPassedOn) {
      this.#drawHandover(answer.handoff);
    }
    this.node.scrollIntoView({ block: "end" });
    const parts = [answer.answer];
    if (this.citations.length) parts.push(`${words.sources}: ${this.citations.map(nameOf).join("; ")}`);
    if (answer.decision === "offer") parts.push(words.offer);
    if (isPassedOn) parts.push(words.handTitle);
    announce(parts.join("\n"));
  }

  #drawSources() {
    if (!this.citations.length) return;
    // With one source it is plain what it stands for; with more, small numbers in the text say which is which.
    // Their digits are drawn by the style sheet, so that copying the answer copies the answer.
    if (this.citations.length > 1) {
      const points = Array.from(this.text);
      const ends = new Map();
      this.citations.forEach((c, i) => c.ends.forEach((end) => ends.set(end, [...(ends.get(end) ?? []), i])));
      const content = [];
      let from = 0;
      for (const end of [...ends.keys()].sort((a, b) => a - b)) {
        const refs = ends.get(end).map((i) => {
          const ref = button("ref", "", () => openSource(this.citations[i]));
          ref.dataset.n = i + 1;
          ref.setAttribute("aria-label", words.source(i + 1));
          return ref;
        });
        // A number stays on the line of the character before it.
        const last = Math.max(from, end - 1);
        content.push(points.slice(from, last).join(""), el("span", "together", points.slice(last, end).join(""), ...refs));
        from = end;
      }
      content.push(points.slice(from).join(""));
      this.answer.replaceChildren(...content);
    }
    const list = el("ul", "sources");
    list.setAttribute("aria-label", words.sources);
    this.citations.forEach((citation, i) => {
      const number = el("span", "n", `${i + 1}`);
      const chip = button("source", "", () => openSource(citation));
      chip.append(number, el("span", "", nameOf(citation), el("small", "", factsOf(citation))));
      chip.dataset.testid = "source";
      chip.setAttribute("aria-haspopup", "dialog");
      list.append(el("li", "", chip));
    });
    this.reply.append(list);
  }

  #drawHandover(handoff) {
    const card = el("section", "handover", el("h3", "", words.handTitle), el("p", "", words.handText));
    card.append(handoff?.id ? el("p", "id", words.handId, el("b", "", handoff.id)) : el("p", "id", words.handNo));
    card.dataset.testid = "handover";
    card.setAttribute("aria-label", words.handTitle);
    this.reply.append(card);
  }

  /** The customer went on before this one was answered: what has come stays, waiting ends. */
  leave() {
    this.status.remove();
  }

  fail(trouble, question) {
    const again = button("", words.retry, () => {
      ask(question, this);
      focusQuestion();
    });
    const card = el("div", "trouble", el("p", "", words[trouble.kind]), again);
    if (trouble.request) card.append(el("small", "", words.request, trouble.request));
    this.reply.replaceChildren(card);
    card.dataset.testid = "trouble";
    this.node.scrollIntoView({ block: "end" });
    announce(words[trouble.kind]);
    let seconds = Math.min(60, Math.ceil(trouble.retryMs / 1000));
    const tick = () => {
      again.disabled = seconds > 0;
      again.textContent = seconds > 0 ? words.retryIn(seconds) : words.retry;
      if (seconds-- > 0) setTimeout(tick, 1000);
    };
    tick();
  }
}

/** The headings above the words, without the document's own title. */
function sectionOf({ title, section }) {
  return (section ?? "").split(/\s+[>›]\s+/).filter((part) => part && part !== title).join(" › ");
}

function nameOf(citation) {
  return [citation.title, sectionOf(citation)].filter(Boolean).join(" › ");
}

/** Version and the days it holds, in the reader's way of writing dates. */
function factsOf({ version, valid_from: from, valid_to: to }) {
  const format = new Intl.DateTimeFormat(words.code, { dateStyle: "medium", timeZone: "UTC" });
  const day = (iso) => format.format(new Date(`${iso}T00:00:00Z`));
  const facts = [words.version(version)];
  if (from && to) facts.push(words.between(day(from), day(to)));
  else if (from) facts.push(words.since(day(from)));
  else if (to) facts.push(words.until(day(to)));
  return facts.join(" · ");
}

// ---- a source in its place ----

let opened = 0; // a document that arrives after another was opened is dropped

async function openSource(citation) {
  const mine = ++opened;
  const body = $("panel-body");
  const facts = [sectionOf(citation), factsOf(citation)].filter(Boolean).join(" · ");
  $("panel-title").textContent = citation.title;
  $("panel-facts").textContent = facts;
  body.replaceChildren(el("p", "note", words.loading));
  $("panel").showModal();
  let shown;
  try {
    const response = await fetch(`v1/documents/${encodeURIComponent(citation.document_id)}?version=${citation.version}`);
    if (!response.ok) throw new Trouble("failed");
    shown = await response.json();
  } catch {
    shown = null;
  }
  if (mine !== opened) return;
  const { start, end } = citation.span;
  const uri = shown?.uri ?? citation.uri;
  if (uri) $("panel-facts").append(el("br"), words.published + uri);
  if (shown && Array.from(shown.source).slice(start, end).join("") === citation.quote) {
    drawSource(body, shown.source, citation.span, shown.title);
    body.append(el("p", "note", words.same));
  } else {
    const mark = el("mark", "", citation.quote);
    mark.dataset.testid = "quote";
    body.replaceChildren(el("p", "note", shown ? words.changed : words.noDocument), el("blockquote", "", mark));
  }
  body.querySelector("mark")?.scrollIntoView({ block: "center" });
}

/**
 * Draws Markdown as plain elements, with the span marked.
 *
 * Each character of the span lands in a mark: what is syntax (`**`, `|`, line ends) as hidden text. So the texts of all marks
 * together are the quote, character for character, and that is what a test or a careful reader can compare.
 */
function drawSource(into, source, span, title, everything = false) {
  const points = Array.from(source);
  into.replaceChildren();
  let tail = into.appendChild(el("p")); // where syntax between blocks is kept

  /** Adds source[from..to] to `parent` as `kind`: "" for text, "hidden" for syntax, or the name of an element. */
  const put = (parent, from, to, kind) => {
    tail = parent;
    const edges = [from, Math.min(Math.max(span.start, from), to), Math.min(Math.max(span.end, from), to), to];
    for (let i = 0; i < 3; i += 1) {
      const text = points.slice(edges[i], edges[i + 1]).join("");
      const quoted = i === 1;
      if (!text || (kind === "hidden" && !quoted)) continue;
      let place = parent;
      if (quoted) {
        place = parent.lastChild?.nodeName === "MARK" ? parent.lastChild : parent.appendChild(el("mark"));
        place.dataset.testid = "quote";
      }
      const piece = kind === "hidden" ? el("span", "", text) : kind ? el(kind, "", text) : text;
      if (kind === "hidden") piece.hidden = true;
      place.append(piece);
    }
  };

  /** Adds a stretch of running text, with its emphasis, code and links. */
  const inline = (parent, from, to) => {
    const text = points.slice(from, to).join("");
    let at = from;
    const emit = (part, kind) => {
      const length = Array.from(part).length;
      put(parent, at, at + length, kind);
      at += length;
    };
    let last = 0;
    for (const m of text.matchAll(/(\*\*|__|`|\*)(?=\S)(.+?)(?<=\S)\1|(!?\[)([^\]]+)(\]\([^)]*\))|<\/?[a-z][^>]*>/gi)) {
      emit(text.slice(last, m.index), "");
      last = m.index + m[0].length;
      if (m[1]) [[m[1], "hidden"], [m[2], { "`": "code", "*": "em" }[m[1]] ?? "strong"], [m[1], "hidden"]].forEach((pair) => emit(...pair));
      else if (m[3]) [[m[3], "hidden"], [m[4], ""], [m[5], "hidden"]].forEach((pair) => emit(...pair));
      else emit(m[0], "hidden");
    }
    emit(text.slice(last), "");
  };

  const lines = [];
  for (let start = 0; start <= points.length; ) {
    const found = points.indexOf("\n", start);
    const end = found < 0 ? points.length : found;
    lines.push({ start, end, text: points.slice(start, end).join("") });
    start = end + 1;
  }
  // The front matter is for machines; it is shown only if the quote stands in it.
  if (lines[0].text.trim() === "---") {
    const close = lines.findIndex((line, i) => i > 0 && line.text.trim() === "---");
    if (close > 0 && lines[close].end < span.start) lines.splice(0, close + 1);
  }
  const far = ({ start, end }) => !everything && points.length > WHOLE && (end < span.start - AROUND || start > span.end + AROUND);
  const RULE = /^\s*\|?(\s*:?-+:?\s*\|)+\s*(:?-+:?\s*)?$/;
  let block = null; // the paragraph, list or table that the next line may continue
  let cut = false;

  lines.forEach((line, i) => {
    if (far(line)) {
      cut = true;
      return;
    }
    const { start, end, text } = line;
    const open = (tag) => (block?.nodeName === tag.toUpperCase() ? block : (block = into.appendChild(el(tag))));
    const size = (part) => Array.from(part).length;
    let m;
    if (!text.trim() || /^\s*([-*_])(\s*\1){2,}\s*$/.test(text) || /^\s*(```|~~~)/.test(text)) {
      put(tail, start, end, "hidden");
      block = null;
    } else if ((m = /^(#{1,6}\s+)(.*)$/.exec(text))) {
      const quoted = start < span.end && end > span.start;
      const level = Math.min(m[1].trim().length + 2, 5);
      block = null;
      if (level === 3 && m[2].trim() === title && !quoted) return; // the panel's own heading says it already
      const heading = into.appendChild(el(`h${level}`));
      put(heading, start, start + size(m[1]), "hidden");
      inline(heading, start + size(m[1]), end);
    } else if (RULE.test(text) && block?.nodeName === "TABLE") {
      put(tail, start, end, "hidden");
    } else if (/^\s*\|.*\|/.test(text)) {
      const row = open("table").appendChild(el("tr"));
      const tag = RULE.test(lines[i + 1]?.text ?? "") ? "th" : "td";
      let cell = null;
      let at = start;
      // An escaped bar belongs to its cell; the closing bar opens no new one.
      for (const part of text.split(/((?<!\\)\|)/)) {
        const to = at + size(part);
        if (part === "|") {
          if (!cell || text.slice(points.slice(start, to).join("").length).trim()) cell = row.appendChild(el(tag));
          put(cell, at, to, "hidden");
        } else if (cell) inline(cell, at, to);
        at = to;
      }
    } else if ((m = /^(\s*)([-*+]|(\d+)[.)])(\s+)/.exec(text))) {
      const item = open(m[3] ? "ol" : "ul").appendChild(el("li", size(m[1]) > 1 ? "deep" : ""));
      if (m[3]) item.value = Number(m[3]);
      put(item, start, start + size(m[0]), "hidden");
      inline(item, start + size(m[0]), end);
    } else if ((m = /^\s*>\s?/.exec(text))) {
      put(open("blockquote"), start, start + size(m[0]), "hidden");
      inline(block, start + size(m[0]), end);
    } else {
      // A line under a list item continues it.
      const place = block?.nodeName.endsWith("L") ? block.lastChild : open("p");
      inline(place, start, end);
    }
    const flowing = tail.nodeName === "P" || tail.nodeName === "LI" || tail.nodeName === "BLOCKQUOTE";
    put(tail, end, end + 1, flowing && block ? "" : "hidden");
  });
  if (cut) into.append(button("", words.whole, () => {
    drawSource(into, source, span, title, true);
    into.querySelector("mark")?.scrollIntoView({ block: "center" });
    into.focus();
  }));
  into.querySelectorAll("p:empty").forEach((node) => node.remove());
}

// ---- the page around it ----

function announce(text) {
  $("live").textContent = text;
}

/** Back to the text field, except where that would raise a keyboard over the answer. */
function focusQuestion() {
  (matchMedia("(pointer: coarse)").matches ? $("scroll") : $("question")).focus({ preventScroll: true });
}

function askPerson() {
  ask(words.wantPerson);
}

function refreshSend() {
  const field = $("question");
  const length = Array.from(field.value).length;
  const over = length > LIMIT;
  $("send").disabled = over || running !== null || !field.value.trim();
  $("count").hidden = length < LIMIT * 0.9;
  $("count").classList.toggle("over", over);
  const count = over ? words.over(length) : length >= LIMIT * 0.9 ? words.count(length) : "";
  if ($("count").textContent !== count) $("count").textContent = count;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}

function send() {
  if ($("send").disabled) return;
  const question = $("question").value.trim();
  $("question").value = "";
  ask(question);
  focusQuestion();
}

function startAfresh() {
  running?.abort.abort(MOVED_ON);
  running = null;
  conversation = null;
  $("log").replaceChildren();
  $("greeting").hidden = false;
  $("new").hidden = true;
  announce("");
  refreshSend();
  focusQuestion();
}

function speak(language) {
  words = WORDS[language];
  document.documentElement.lang = words.code;
  document.title = words.name;
  document.querySelectorAll("[data-t]").forEach((node) => (node.textContent = words[node.dataset.t]));
  document.querySelectorAll("[data-t-label]").forEach((node) => node.setAttribute("aria-label", words[node.dataset.tLabel]));
  document.querySelectorAll("[data-t-hint]").forEach((node) => (node.placeholder = words[node.dataset.tHint]));
  document.querySelectorAll("[data-lang]").forEach((node) => node.setAttribute("aria-pressed", node.dataset.lang === language));
  $("examples").replaceChildren(...words.examples.map((text) => el("li", "", button("", text, () => {
    ask(text);
    focusQuestion();
  }))));
  refreshSend();
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
$("question").addEventListener("input", refreshSend);
$("question").addEventListener("keydown", (event) => {
  // While an input method is composing, Enter chooses characters.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  send();
});
$("person").addEventListener("click", askPerson);
$("new").addEventListener("click", startAfresh);
$("close").addEventListener("click", () => $("panel").close());
$("panel").addEventListener("click", (event) => {
  if (event.target === $("panel")) $("panel").close(); // the backdrop
});
document.querySelectorAll("[data-lang]").forEach((node) => node.addEventListener("click", () => speak(node.dataset.lang)));

speak(navigator.languages?.[0]?.toLowerCase().startsWith("zh") ? "zh" : "en");
if (!matchMedia("(pointer: coarse)").matches) $("question").focus();
