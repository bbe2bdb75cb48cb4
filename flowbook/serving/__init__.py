"""``flowbook serve``: carries out what schedules, hooks, forms and the queue ask for."""
