import Trading

/// Money and quantities, wherever Foundation's type of the same name is in sight too.
typealias Decimal = Trading.Decimal
