"""The smallest service there can be; tests steer its work through a file."""
