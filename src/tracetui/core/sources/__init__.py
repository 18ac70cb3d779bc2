"""Where bytes come from: files now; databases, archives and streams beside them."""
