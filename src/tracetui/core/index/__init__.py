"""What was read, kept in the user's cache folder, so that reading it a second time costs next to nothing.

An index holds the store's columns as they lie in memory and, of every file that was read, what tells whether it is still the
same. Opening it maps the columns; nothing is copied until something is added. Files that changed, came or went since are read
as ever, with the runs that they belong to; the rest stays as it is. No bodies are in it: names, models, times and figures only.

`places` says where indexes lie, `layout` how one is laid out on disk, `packing` turns a store into sections and back,
`opening` and `saving` are what the rest of the program calls.
"""
