"""What operators use: health, monitoring, cleanup. Imports the engine and the wings below it."""
