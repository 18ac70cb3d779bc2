"""The screens: the main one with its panes, and those that take its place for a while."""
