"""Reports: facts become something to look at. Nothing here asks an exporter for anything."""
