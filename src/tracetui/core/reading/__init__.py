"""The parts of the reader: what is kept of each file, who reads it, in which order, and what follows when it changes.

    member      one file on its way from bytes to operations; the files of one run
    members     all files known: by name, by what they are, those that are gone
    claims      which format reads a file, and why
    pipeline    found → claimed → glanced at → read, in small pieces
    attention   which files are looked at when
    follower    what a change of a file means

``tracetui.core.reader`` puts them together; nothing else needs them.
"""
