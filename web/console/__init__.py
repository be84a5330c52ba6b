"""The console: pages for the people who operate Tactful, made on the server, readable without a script."""
