"""Reports of money: what calls cost by source, what missed ones cost, why counts differ."""
