"""Reports of visits: where calls come from, how full pools are, which masked numbers and which pages."""
