"""Jobs, stages and the rules that hold for them: pure. Imports errors and foundation only."""
