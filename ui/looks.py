"""How the page looks. Nothing here comes from a user or a document."""

ICON = """
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b5566"/>
<path d="M6 10h7M6 22h7M19 10h7M19 22h7M4 16h6M22 16h6" stroke="#bfe3ea" stroke-width="2.4" stroke-linecap="round"/>
<rect x="12" y="13" width="8" height="6" rx="1.6" fill="#ffe9a8"/></svg>
""".strip()

STYLE = """
<style>
:root { --pol-serif: "Source Serif", "Source Serif 4", Georgia, "Noto Serif", serif; --pol-faint: 14%;
  --pol-quiet: 72%;
  --pol-mark: light-dark(#ffe9a8, #6b5410); --pol-link: light-dark(#0b5566, #8ed3e0);
  --pol-paper: light-dark(#fdfcfa, #16181a); --pol-edge: light-dark(#84878a, #7d8184); }
.stMainBlockContainer { padding: 0 2.2rem 4rem; max-width: 100rem; gap: .7rem; }
.stMain { scroll-padding-top: 7rem; }  /* what has the focus is never under the heading */
.stMainBlockContainer h1, .stMainBlockContainer h2, .stMainBlockContainer h3 { padding: 0; margin: 0; }
.pol-quiet, .pol-facts, .pol-rank, .pol-top p, .pol-info dt, .pol-head dt
  { color: color-mix(in srgb, currentColor var(--pol-quiet), transparent); }
p.pol-quiet { margin: 0; font-size: .86rem; }
.stMainBlockContainer mark, .stDialog mark { background: var(--pol-mark); color: inherit; border-radius: .2em;
  padding: .05em .18em; }
:is(.pol-open, .pol-document, .pol-text, [data-hop], .pol-badge, .pol-dot, .pol-marks button, .pol-time button,
  .pol-scroll, .pol-copy):focus-visible { outline: 2px solid var(--pol-link); outline-offset: 2px;
  border-radius: .2em; }
.stMainBlockContainer .stElementContainer:has(.pol-top)
  { position: sticky; top: 0; z-index: 90; background: var(--pol-paper); }

.pol-top { display: flex; flex-wrap: wrap; align-items: baseline; gap: .1rem 1rem; padding: 1.1rem 0 .5rem;
  border-bottom: 1px solid color-mix(in srgb, currentColor var(--pol-faint), transparent); }
.pol-top h1 { font: 600 1.3rem/1.4 var(--pol-serif); letter-spacing: .01em; }
.pol-top p { margin: 0; font-size: .86rem; overflow-wrap: anywhere; }
.pol-top p span + span::before { content: " · "; white-space: pre; }
.stAppHeader { background: transparent; pointer-events: none; }
.stAppHeader * { pointer-events: auto; }
.stApp:has([data-testid="stExpandSidebarButton"]) .pol-top { padding-left: 2.4rem; }

.st-key-words { row-gap: .1rem; column-gap: 0; align-items: center; }
.st-key-examples { row-gap: .1rem; }
.st-key-examples button { min-height: 1.9rem; padding: .1rem 0; }
.st-key-examples button p { font: 1.08rem/1.4 var(--pol-serif); text-align: left; }
.st-key-examples .pol-quiet { margin: 1rem 0 .4rem; font-size: .95rem; max-width: 44rem; }
.st-key-words .pol-quiet { font-size: .86rem; margin: 0 .5rem 0 0; }
.st-key-words .pol-sign { font: 1.08rem/1.9 var(--pol-serif); margin: 0 .3rem 0 0; }
.st-key-words button { min-height: 1.9rem; padding: 0 .32rem; border-radius: .35rem; border: 1px solid transparent; }
.st-key-words button p { font: 1.08rem/1.4 var(--pol-serif); text-decoration: underline dotted 1px;
  white-space: nowrap;
  text-underline-offset: .28em; text-decoration-color: color-mix(in srgb, currentColor 45%, transparent); }
.st-key-words button[kind="primary"] p { text-decoration: none; }
:is(.stButtonGroup [aria-checked="true"], button[kind="segmented_controlActive"]) p { color: var(--pol-link); }
.st-key-words .st-key-whole button p { font: .86rem/1.4 inherit; font-family: inherit; }
.st-key-box button p { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.st-key-box .stButton button { width: 2.5rem; padding: 0; } .st-key-box .stButton button * { gap: 0; margin: 0; }
.pol-keys { font-size: .86rem; max-width: 30rem; } .pol-keys summary { cursor: pointer; line-height: 1.5rem; }
.pol-keys p { margin: 0; font-size: inherit; }
.st-key-box > .stElementContainer:has(.stTextInput) { flex: 1 1 9rem; }

.pol-found { font-size: 1.05rem !important; font-weight: 600; line-height: 1.5; overflow-wrap: anywhere; }
.pol-found .pol-quiet { font-weight: 400; font-size: .9rem; }
.pol-notice { margin: 0; padding: .5rem .8rem; border-left: 3px solid var(--pol-link); font-size: .95rem;
  background: color-mix(in srgb, var(--pol-link) 9%, transparent); }
.pol-told, .pol-page { margin: 0; font-size: .9rem; font-variant-numeric: tabular-nums; }
.pol-message, .pol-welcome { max-width: 44rem; }
.pol-message { margin: 3rem auto 1rem; }
.st-key-message { max-width: 44rem; margin: 0 auto; }
.pol-message h2, .pol-welcome h2 { font: 600 1.5rem/1.4 var(--pol-serif); padding-bottom: .6rem; }
.pol-welcome { margin: 1.6rem 0 .6rem; }
.pol-message pre { padding: .7rem .9rem; border-radius: .4rem; overflow-x: auto;
  background: color-mix(in srgb, currentColor 7%, transparent); }
.st-key-adding { max-width: 46rem; }
.st-key-choices button, .st-key-choices .pol-copy { white-space: nowrap; }
.pol-copy { all: unset; cursor: pointer; box-sizing: border-box; display: block; min-height: 2.5rem;
  padding: .5rem .8rem; font-size: .9rem; line-height: 1.5;
  border: 1px solid color-mix(in srgb, currentColor 22%, transparent); border-radius: .5rem; }
.pol-copy:hover { border-color: var(--pol-link); color: var(--pol-link); }

.pol-list { container-type: inline-size; }
.pol-columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 15rem) 3.3rem 4.9rem; column-gap: .7rem;
  padding-bottom: .15rem; font-size: .8rem; color: color-mix(in srgb, currentColor var(--pol-quiet), transparent); }
.pol-columns :last-child { text-align: right; cursor: help; }
.pol-lines { list-style: none; margin: 0 !important; padding: 0 !important; border-bottom: 1px solid; }
.pol-lines, .pol-line { border-color: color-mix(in srgb, currentColor var(--pol-faint), transparent); }
.pol-line { display: grid; grid-template-columns: 2rem minmax(0, 1fr) minmax(0, 15rem) 3.3rem 4.9rem;
  column-gap: .7rem; align-items: baseline; margin: 0 !important; padding: .08rem 0 !important;
  border-top: 1px solid; border-color: inherit; }
.pol-kwic .pol-line { grid-template-columns: 2rem auto minmax(0, 1fr) minmax(0, 15rem) 3.3rem 4.9rem; }
.pol-line:hover { background: color-mix(in srgb, currentColor 4%, transparent); }
:root:not([data-listening]) :is(.pol-list, .pol-senses) { visibility: hidden; }
.pol-rank { font-size: .8rem; text-align: right; font-variant-numeric: tabular-nums; }
.pol-text { margin: 0; font: 1.04rem/1.55 var(--pol-serif); overflow-wrap: anywhere; }
.pol-kwic .pol-run { display: inline-block; padding: 0 50%; white-space: pre; }
.pol-kwic .pol-text { overflow: auto hidden; scrollbar-width: none; white-space: nowrap;
  mask-image: linear-gradient(to right, transparent, #000 1.6rem, #000 calc(100% - 1.6rem), transparent); }
[data-hop] { cursor: pointer; }
[data-hop]:hover { text-decoration: underline; text-underline-offset: .2em; text-decoration-color: var(--pol-link); }
.pol-where { min-width: 0; display: flex; font-size: .84rem; line-height: 1.6; white-space: nowrap; }
.pol-open { all: unset; cursor: pointer; color: var(--pol-link); line-height: 1.5rem; max-width: 100%; flex: none;
  overflow: hidden; text-overflow: ellipsis; }
.pol-facts { flex: 1 1 0; min-width: 0; overflow: hidden; text-overflow: ellipsis; }
.pol-open:hover { text-decoration: underline; text-underline-offset: .2em; }
.pol-facts::before { content: " · "; white-space: pre; }
.pol-facts:empty::before { content: none; }
.pol-marks { display: flex; gap: .2rem; }
.pol-marks button { all: unset; cursor: pointer; box-sizing: border-box; width: 1.5rem; height: 1.5rem;
  text-align: center;
  line-height: 1.35rem; border-radius: .3rem; border: 1px solid transparent; font-size: 1rem;
  color: color-mix(in srgb, currentColor var(--pol-quiet), transparent); }
.pol-line:is(:hover, :focus-within) .pol-marks button { border-color: var(--pol-edge); }
.pol-marks button[aria-pressed="true"] { background: var(--pol-link); color: var(--pol-paper);
  border-color: transparent; }
.pol-score { text-align: right; font-size: .84rem; font-variant-numeric: tabular-nums; cursor: help;
  white-space: nowrap; }
.pol-sure { margin-left: .5rem; color: color-mix(in srgb, currentColor var(--pol-quiet), transparent); }

[data-s="0"] { --pol-s: light-dark(#0b5566, #8ed3e0); } [data-s="1"] { --pol-s: light-dark(#9c3d00, #f4a77a); }
[data-s="2"] { --pol-s: light-dark(#5b3a9d, #c3aef2); } [data-s="3"] { --pol-s: light-dark(#2d6a1f, #a3d68f); }
[data-s="4"] { --pol-s: light-dark(#a0195b, #f29ac4); } [data-s="5"] { --pol-s: light-dark(#7a5c00, #e3c566); }
[data-s="6"] { --pol-s: light-dark(#1a4fa3, #9dbdf5); } [data-s="7"] { --pol-s: light-dark(#5a4438, #d8bfae); }
[data-s="none"] { --pol-s: light-dark(#63676a, #a3a8ab); }
.pol-s[data-s] { display: inline-block; box-sizing: border-box; width: 1.2rem; height: 1.2rem; line-height: 1.2rem;
  text-align: center; font: 600 .76rem/1.2rem "Source Sans", sans-serif; color: var(--pol-paper);
  background: var(--pol-s);
  border-radius: 50%; }
:is(.pol-s, .pol-dot)[data-s="1"] { border-radius: 2px; }
  :is(.pol-s, .pol-dot)[data-s="3"] { border-radius: 0 50% 50% 50%; }
:is(.pol-s, .pol-dot)[data-s="2"] { border-radius: 50% 50% 0 0; }
:is(.pol-s, .pol-dot)[data-s="4"] { border-radius: 0 50%; }
  :is(.pol-s, .pol-dot)[data-s="5"] { border-radius: 50% 0; }
:is(.pol-s, .pol-dot)[data-s="6"] { border-radius: 0 0 50% 50%; }
  :is(.pol-s, .pol-dot)[data-s="7"] { border-radius: 35%; }

.pol-title { font-size: .95rem !important; font-weight: 600; }
.pol-senses { list-style: none; margin: 0 !important; padding: 0 !important; }
.pol-senses li { display: grid; grid-template-columns: minmax(10rem, 6fr) 14.5rem minmax(0, 7fr);
  column-gap: 1.2rem;
  align-items: center; margin: 0 !important; padding: .1rem 0; border-radius: .35rem; }
.pol-senses li[data-chosen="true"] { background: color-mix(in srgb, var(--pol-link) 11%, transparent); }
.pol-badge { all: unset; box-sizing: border-box; cursor: pointer; display: flex; gap: .55rem; align-items: center;
  min-height: 1.9rem; padding: .1rem .5rem .1rem .3rem; border-radius: .35rem; min-width: 0;
  border: 1px solid transparent; }
.pol-badge:hover { border-color: var(--pol-edge); }
.pol-badge[aria-pressed="true"] { border-color: var(--pol-link); }
.pol-badge .pol-s { flex: none; }
.pol-labels { font-size: .95rem; line-height: 1.35; overflow-wrap: anywhere; }
.pol-size { display: flex; flex-wrap: wrap; gap: 0 .6rem; font-size: .84rem; font-variant-numeric: tabular-nums; }
.pol-size b { font-weight: 600; }
.pol-bar { flex: 1 0 100%; height: 3px; border-radius: 2px;
  background: color-mix(in srgb, currentColor 12%, transparent); }
.pol-bar i { display: block; height: 100%; border-radius: 2px; background: var(--pol-s); }
.pol-central { margin: 0; font: .95rem/1.4 var(--pol-serif); overflow: hidden; white-space: nowrap;
  text-overflow: ellipsis; }

.pol-map { position: relative; height: min(19rem, 46vh); border-radius: .4rem; touch-action: pan-y; user-select: none;
  border: 1px solid color-mix(in srgb, currentColor var(--pol-faint), transparent); cursor: crosshair; }
.pol-dot { all: unset; position: absolute; width: 12px; height: 12px; margin: -6px 0 0 -6px; border-radius: 50%;
  background: var(--pol-s); cursor: pointer; opacity: .88; box-shadow: 0 0 0 1px var(--pol-paper); }
.pol-dot::after { content: ""; position: absolute; inset: -6px; }
.pol-dot:hover { opacity: 1; transform: scale(1.35); z-index: 2; }
.pol-dot[data-in] { opacity: 1; box-shadow: 0 0 0 2px var(--pol-paper), 0 0 0 4px currentColor; z-index: 1; }
.pol-dot[data-out] { opacity: .3; }
.pol-frame { position: absolute; border: 1px solid var(--pol-link); pointer-events: none;
  background: color-mix(in srgb, var(--pol-link) 14%, transparent); }
.pol-legend { list-style: none; margin: .5rem 0 0 !important; padding: 0 !important; display: flex; flex-wrap: wrap;
  gap: .2rem 1.2rem; font-size: .86rem; }
.pol-legend li { margin: 0 !important; font-size: inherit; }

.pol-scroll { overflow-x: auto; }
.pol-time, .pol-words { border-collapse: collapse; font-size: .84rem; font-variant-numeric: tabular-nums; }
.pol-words caption { text-align: left; padding: 0 0 .3rem; }
.pol-time :is(th, td) { padding: 0 .15rem; text-align: center; font-weight: 400; min-width: 3.2rem; border: 0; }
.pol-time thead th { white-space: nowrap; }
.pol-time tr > :first-child { text-align: left; padding-right: 1rem; min-width: 10rem; }
.pol-time tbody tr { border-top: 1px solid color-mix(in srgb, currentColor var(--pol-faint), transparent); }
.pol-time button { all: unset; cursor: pointer; display: block; width: 100%; min-height: 1.5rem; text-align: center;
  border-radius: .3rem; }
.pol-time button:hover { background: color-mix(in srgb, var(--pol-link) 12%, transparent); }
.pol-plot { display: block; position: relative; height: 2.6rem; margin: .35rem 0 .1rem; }
.pol-range, .pol-share { position: absolute; left: 50%; }
.pol-range { width: 2px; margin-left: -1px; background: color-mix(in srgb, currentColor 32%, transparent); }
.pol-share { width: 10px; height: 10px; margin: 0 0 -5px -5px; border-radius: 50%; background: var(--pol-s); }
.pol-none { color: color-mix(in srgb, currentColor var(--pol-quiet), transparent); }
.pol-collocates { display: grid; gap: 1rem 2rem; align-items: start;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
.pol-words { width: 100%; }
.pol-words :is(th, td) { padding: .1rem .4rem; text-align: right; border: 0; }
.pol-words tr > :first-child { text-align: left; padding-left: 0; overflow-wrap: anywhere; }
.pol-words th { font-weight: 400; color: color-mix(in srgb, currentColor var(--pol-quiet), transparent); }
.pol-words tbody tr { border-top: 1px solid color-mix(in srgb, currentColor var(--pol-faint), transparent); }
.st-key-adding .pol-words td { text-align: left; }

.pol-info, .pol-head dl { margin: 0 !important; padding: 0 !important; font-size: .86rem; }
.pol-info > div { display: flex; justify-content: space-between; gap: 1rem; padding: .12rem 0; }
.pol-info dd, .pol-head dd { margin: 0 !important; overflow-wrap: anywhere; }
.pol-info dt, .pol-head dt { margin: 0 !important; padding: 0 !important; font-weight: 400; }
.pol-info dd { text-align: right; overflow-wrap: anywhere; min-width: 0; }
.pol-head h2 { font: 600 1.35rem/1.35 var(--pol-serif); padding: 0; margin: 0; overflow-wrap: anywhere; }
.pol-head p { margin: 0 0 .3rem; font-size: .84rem; overflow-wrap: anywhere; }
.pol-head dl { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; }
.pol-head dl div { display: flex; gap: .4rem; }
.pol-why { margin: 0; font-size: .9rem; }
.pol-document { max-height: 58vh; overflow: auto; padding: .2rem 1rem .2rem .2rem; white-space: pre-wrap;
  overflow-wrap: anywhere; unicode-bidi: plaintext; font: 1.06rem/1.65 var(--pol-serif); }
.pol-sentence { background: color-mix(in srgb, var(--pol-mark) 42%, transparent); box-decoration-break: clone;
  -webkit-box-decoration-break: clone; border-radius: .2em; padding: .1em 0; }
.st-key-browser { display: none; }

@container (max-width: 52rem) {
  .pol-line, .pol-kwic .pol-line { grid-template-columns: auto minmax(0, 1fr) auto auto; row-gap: .1rem;
    column-gap: .5rem; padding: .5rem 0 !important; }
  .pol-line .pol-text { grid-column: 1 / -1; grid-row: 1; }
  .pol-line .pol-where { grid-column: 2; grid-row: 2; } .pol-line .pol-s { grid-column: 1; grid-row: 2; }
  .pol-line:not(:has(.pol-s[data-s])) .pol-where { grid-column: 1 / 3; }
  .pol-line .pol-marks { grid-row: 2; grid-column: 3; } .pol-line .pol-score { grid-row: 2; grid-column: 4; }
  .pol-columns, .pol-line .pol-rank { display: none; }
  .pol-kwic .pol-text { mask-image: none; white-space: normal; overflow: visible; }
  .pol-kwic .pol-run { display: block; padding: 0; white-space: pre-wrap; }
  .pol-kwic .pol-node { display: inline-block; padding-block: 0; }  /* else its edge may stay on the line before */
}
@media (max-width: 48rem) {
  .stMainBlockContainer { padding: 0 1rem 3rem; }
  .pol-top { padding-top: .8rem; }
  .pol-senses li { grid-template-columns: minmax(0, 1fr); padding: .3rem 0; }
  .st-key-choices > :has(.stSelectbox) { flex: 1 1 9rem !important; }
  .pol-time tr > :first-child { min-width: 7rem; padding-right: .4rem; }
  .pol-central { white-space: normal; }
}
@media (prefers-contrast: more) { :root { --pol-faint: 60%; --pol-quiet: 100%; } .pol-dot { opacity: 1; } }
@media (prefers-reduced-motion: no-preference) { .pol-dot { transition: transform .1s; } }
</style>
"""
