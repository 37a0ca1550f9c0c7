"""Spreadsheets of every kind: XLSX, XLSM, XLSB, XLS and ODS.

A library gives the values; `sheet_facts` are what cells have beside them: how a number
is shown, errors, comments, charts. `xlsx_cells`, `xlsb_cells` and `xls_cells` read
these from each kind of file. It may import `loaders.office`. Start at `spreadsheets`.
"""
