"""Saved runs as rows of tables, and as series of figures.

    tables          the columns, with their types and what they mean; tables_page: the same as text
    rows            a saved run as rows; machines: which machine it was made on
    series          the figures of one case on one machine, in the order of its runs
    compared_fields what comparing looks at; kept_figures: a run as comparing sees it, in rows and back
    arrow           rows and kept figures as Arrow tables

No file of a history is read here.
"""
