"""Files of customers and orders, read row by row in constant memory and sent in batches; what is bad is set aside.

`lines` finds physical lines, `records` makes rows of them, `columns` says what a column means, `orders` and `customers`
make messages of rows, `sending` tells them to the server and keeps count.
"""
