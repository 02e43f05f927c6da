"""Health, statistics, upkeep and maintenance. May import the engine and the layers below it."""
