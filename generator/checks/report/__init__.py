"""One environment on one page, for whoever has to say yes to it: everything that the checks know.

results.py       asks each check once
html.py          elements, tables and the page around them; everything is escaped
sections.py      a section for each check
page.py          the whole document (style.css: for screens, dark ones and paper)
base.py          the same environment as another git revision describes it
comment.py       what changed since then, as a short comment of a pull request

Nothing is computed here. The same input gives the same bytes: there is no clock but git's.
"""
