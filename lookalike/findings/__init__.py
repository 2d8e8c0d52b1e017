"""What the numbers say, in plain sentences, each with its statistic."""
