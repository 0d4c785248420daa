"""How the page looks and what little it does in the browser. Nothing here comes from a user or a document."""

ICON = """
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b5566"/>
<path d="M6 10h7M6 22h7M19 10h7M19 22h7M4 16h6M22 16h6" stroke="#bfe3ea" stroke-width="2.4" stroke-linecap="round"/>
<rect x="12" y="13" width="8" height="6" rx="1.6" fill="#ffe9a8"/></svg>
""".strip()

STYLE = """
<style>
:root { --pol-serif: "Source Serif", "Source Serif 4", Georgia, "Noto Serif", serif; --pol-faint: 14%; --pol-quiet: 68%;
  --pol-mark: light-dark(#ffe9a8, #6b5410); --pol-link: light-dark(#0b5566, #8ed3e0); }
.stMainBlockContainer { padding: 1.6rem 2.2rem 4rem; max-width: 96rem; }
.stMainBlockContainer h1, .stMainBlockContainer h2, .stMainBlockContainer h3 { padding: 0; margin: 0; }
.pol-quiet, .pol-facts, .pol-rank, .pol-top p, .pol-info dt, .pol-head dt
  { color: color-mix(in srgb, currentColor var(--pol-quiet), transparent); }
.stMainBlockContainer mark, .stDialog mark { background: var(--pol-mark); color: inherit; border-radius: .2em;
  padding: .05em .18em; }
:is(.pol-open, .pol-document, .pol-sense summary):focus-visible
  { outline: 2px solid var(--pol-link); outline-offset: 2px; }

.pol-top { display: flex; flex-wrap: wrap; align-items: baseline; gap: .2rem 1rem; }
.pol-top h1 { font: 600 1.35rem/1.4 var(--pol-serif); letter-spacing: .01em; }
.pol-top p { margin: 0; font-size: .86rem; overflow-wrap: anywhere; }
.pol-top p span + span::before { content: " · "; white-space: pre; }

.st-key-words { row-gap: .1rem; column-gap: 0; align-items: center; }
.st-key-examples { row-gap: .1rem; }
.st-key-examples button { min-height: 1.9rem; padding: .1rem 0; }
.st-key-examples button p { font: 1.08rem/1.4 var(--pol-serif); text-align: left; }
.st-key-examples .pol-quiet { margin: 1rem 0 0; font-size: .9rem; }
.st-key-words .pol-quiet { font-size: .86rem; margin: 0 .5rem 0 0; }
.st-key-words .pol-sign { font: 1.08rem/1.9 var(--pol-serif); margin: 0 .3rem 0 0; }
.st-key-words button { min-height: 1.9rem; padding: 0 .32rem; border-radius: .35rem; border: 1px solid transparent; }
.st-key-words button p { font: 1.08rem/1.4 var(--pol-serif); text-decoration: underline dotted 1px; white-space: nowrap;
  text-underline-offset: .28em; text-decoration-color: color-mix(in srgb, currentColor 45%, transparent); }
.st-key-words button[kind="primary"] p { text-decoration: none; }
:is(.stButtonGroup [aria-checked="true"], button[kind="segmented_controlActive"]) p { color: var(--pol-link); }
.st-key-words .st-key-whole button p { font: .86rem/1.4 inherit; font-family: inherit; }

.pol-found { font-size: 1.05rem !important; font-weight: 600; line-height: 1.5; overflow-wrap: anywhere; }
.pol-found .pol-quiet { font-weight: 400; font-size: .9rem; }
.pol-notice { margin: 0; padding: .5rem .8rem; border-left: 3px solid var(--pol-link); font-size: .95rem;
  background: color-mix(in srgb, var(--pol-link) 9%, transparent); }
.pol-message { max-width: 44rem; margin: 3rem auto; }
.pol-message h2 { font: 600 1.5rem/1.4 var(--pol-serif); padding-bottom: .6rem; }
.pol-message pre { padding: .7rem .9rem; border-radius: .4rem; overflow-x: auto;
  background: color-mix(in srgb, currentColor 7%, transparent); }

.pol-lines { list-style: none; margin: 0 !important; padding: 0 !important; border-bottom: 1px solid;
  container-type: inline-size; }
.pol-lines, .pol-line { border-color: color-mix(in srgb, currentColor var(--pol-faint), transparent); }
.pol-line { display: grid; grid-template-columns: 1.6rem minmax(0, 1fr) minmax(0, 15rem) 2.6rem; column-gap: .9rem;
  align-items: baseline; margin: 0 !important; padding: .16rem 0 .2rem !important; border-top: 1px solid;
  border-color: inherit; }
.pol-line:hover { background: color-mix(in srgb, currentColor 4%, transparent); }
.pol-rank { font-size: .8rem; text-align: right; font-variant-numeric: tabular-nums; }
.pol-text { margin: 0; font: 1.04rem/1.5 var(--pol-serif); overflow-wrap: anywhere; }
.pol-run { display: block; }
.pol-kwic .pol-run { white-space: pre; transform: translateX(calc(50% - var(--left) * .45em)); }
.pol-kwic .pol-text { overflow: hidden;
  mask-image: linear-gradient(to right, transparent, #000 1.6rem, #000 calc(100% - 1.6rem), transparent); }
.pol-where { min-width: 0; font-size: .84rem; line-height: 1.25; overflow-wrap: anywhere; }
.pol-open { all: unset; cursor: pointer; color: var(--pol-link); display: block; overflow: hidden; white-space: nowrap;
  text-overflow: ellipsis; max-width: 100%; line-height: 1.5rem; }
.pol-open:hover { text-decoration: underline; text-underline-offset: .2em; }
.pol-facts { display: block; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.pol-score { text-align: right; font-size: .84rem; font-variant-numeric: tabular-nums; cursor: help; }
.pol-sure { display: block; font-size: .76rem; }

@container (max-width: 44rem) {
  .pol-line { grid-template-columns: 1.5rem minmax(0, 1fr) auto; row-gap: .1rem; padding: .6rem 0; }
  .pol-line .pol-where { grid-column: 2; grid-row: 2; }
  .pol-kwic .pol-text { mask-image: none; }
  .pol-kwic .pol-run { white-space: pre-wrap; transform: none !important; }
}

.pol-senses { display: grid; gap: 1rem 1.6rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
.pol-sense h3 { font-size: .92rem !important; font-weight: 600; display: flex; justify-content: space-between; }
.pol-sense h3 span { font-weight: 400; font-size: .84rem; }
.pol-bar { height: 4px; border-radius: 2px; margin: .2rem 0 .4rem;
  background: color-mix(in srgb, currentColor 12%, transparent); }
.pol-bar i { display: block; height: 100%; border-radius: 2px; background: var(--pol-link); }
.pol-labels { margin: 0 0 .3rem; font-size: .92rem; overflow-wrap: anywhere; }
.pol-sense ul { list-style: none; margin: 0 !important; padding: 0 !important; font: .92rem/1.45 var(--pol-serif); }
.pol-sense li { margin: 0 0 .4rem !important; padding: 0 !important; overflow-wrap: anywhere; }
.pol-sense summary { font-size: .84rem; cursor: pointer; min-height: 1.5rem; }

.pol-info, .pol-head dl { margin: 0 !important; padding: 0 !important; font-size: .86rem; }
.pol-info > div { display: flex; justify-content: space-between; gap: 1rem; padding: .12rem 0; }
.pol-info dd, .pol-head dd { margin: 0 !important; overflow-wrap: anywhere; }
.pol-info dt, .pol-head dt { margin: 0 !important; padding: 0 !important; font-weight: 400; }
.pol-info dd { text-align: right; overflow-wrap: anywhere; min-width: 0; }
.pol-head h2 { font: 600 1.35rem/1.35 var(--pol-serif); padding: 0; margin: 0; overflow-wrap: anywhere; }
.pol-head p { margin: 0 0 .3rem; font-size: .84rem; overflow-wrap: anywhere; }
.pol-head dl { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; }
.pol-head dl div { display: flex; gap: .4rem; }
.pol-document { max-height: 58vh; overflow: auto; padding: .2rem 1rem .2rem .2rem; white-space: pre-wrap;
  overflow-wrap: anywhere; unicode-bidi: plaintext; font: 1.06rem/1.65 var(--pol-serif); }
.pol-sentence { background: color-mix(in srgb, var(--pol-mark) 42%, transparent); box-decoration-break: clone;
  -webkit-box-decoration-break: clone; border-radius: .2em; padding: .1em 0; }
.st-key-browser { display: none; }

@media (max-width: 48rem) {
  .stMainBlockContainer { padding: 3.6rem 1rem 3rem; }
  .pol-senses { grid-template-columns: none; grid-auto-flow: column; grid-auto-columns: min(88%, 17rem);
    overflow-x: auto; }
}
@media (prefers-contrast: more) { :root { --pol-faint: 60%; --pol-quiet: 100%; } }
</style>
"""

SCRIPT = """
export default function ({ parentElement, setTriggerValue }) {
  parentElement.stop?.();

  // A click on a hit's document asks for it; the lines are redrawn often, so the page as a whole is listened to.
  const open = (event) => {
    const button = event.target.closest?.("[data-open]");
    if (button) setTriggerValue("open", Number(button.dataset.open));
  };

  // Brings every node to the middle of its line. All places are read before any is changed, so that the page is laid
  // out once; a shift moves what is painted and lays nothing out again.
  const align = () => {
    document.querySelectorAll(".pol-kwic").forEach((list) => resized.observe(list));
    const runs = [...document.querySelectorAll(".pol-kwic .pol-run")];
    const shifts = runs.map((run) => {
      const [whole, node] = [run.parentElement, run.querySelector(".pol-node")].map((e) => e.getBoundingClientRect());
      const now = new DOMMatrix(getComputedStyle(run).transform).m41;
      return now + whole.left + whole.width / 2 - node.left - node.width / 2;
    });
    // Layout may just have begun to load the lines' font.
    if (document.fonts.status === "loading") document.fonts.ready.then(settle);
    runs.forEach((run, n) => { run.style.transform = `translateX(${shifts[n]}px)`; });
  };

  // Brings the sentence into view once for each hit that is opened.
  const show = () => {
    const here = document.querySelector(".pol-document [data-here]:not([data-shown])");
    if (!here) return;
    here.dataset.shown = "1";
    here.scrollIntoView({ block: "center" });
  };

  let frame = 0;
  const settle = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => { align(); show(); });
  };
  const redrawn = new MutationObserver(settle);
  const resized = new ResizeObserver(settle);
  redrawn.observe(document.body, { childList: true, subtree: true });
  document.addEventListener("click", open);
  document.fonts.addEventListener("loadingdone", settle);
  settle();

  parentElement.stop = () => {
    cancelAnimationFrame(frame);
    redrawn.disconnect();
    document.removeEventListener("click", open);
    document.fonts.removeEventListener("loadingdone", settle);
    resized.disconnect();
  };
  return parentElement.stop;
}
"""
