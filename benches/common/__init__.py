"""What the benchmarks share: building the peers, measuring interleaved, the command line, tables."""
