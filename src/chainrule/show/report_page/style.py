"""The look of the page: on a screen, on a phone, on paper."""

__all__ = ["STYLE"]

STYLE = """
:root { color-scheme: light; --ink: #1a1a1a; --soft: #555; --line: #d0d0d0; --tint: #f4f6f8; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 60rem; color: var(--ink); background: #fff;
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0.5rem 0; }
h2 { font-size: 1.25rem; margin: 2rem 0 0.5rem; padding-top: 0.5rem; border-top: 1px solid var(--line); }
p, ul { margin: 0.5rem 0; max-width: 45rem; }
.lead { color: var(--soft); }
.numbers { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; margin: 1rem 0; padding: 0; list-style: none; }
.numbers b { display: block; font-size: 1.7rem; line-height: 1.1; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
figure { margin: 1rem 0; }
figure svg { width: 100%; height: auto; max-width: 50rem; display: block; }
.row { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; }
figure.small svg { flex: 1 1 18rem; max-width: 26rem; }
figcaption { color: var(--soft); font-size: 0.9rem; max-width: 45rem; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: 0.25rem; }
th, td { padding: 0.2rem 0.6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
td.n, th.n { text-align: right; white-space: nowrap; }
thead th { background: var(--tint); }
td.hit { background: #d9ead3; font-weight: 600; }
td.miss { background: #fbe0d6; }
details { margin: 0.5rem 0; }
pre { background: var(--tint); padding: 0.75rem; overflow-x: auto; font-size: 0.85rem; white-space: pre-wrap;
  overflow-wrap: anywhere; }
@media (max-width: 40rem) { body { padding: 0.75rem; } .numbers b { font-size: 1.4rem; } }
@media print {
  body { max-width: none; font-size: 10pt; padding: 0; }
  h2 { break-after: avoid; }
  figure, table, pre { break-inside: avoid; }
  .wide { overflow: visible; }
  table { font-size: 8pt; }
}
"""
