/// An error as Binance answers it: `{"code":…,"msg":…}`. Texts are the documented ones (binance-spot-api-docs, errors.md).
struct ExchangeFault: Error, Sendable, Equatable {
    var status = 400
    let code: Int
    let message: String
    /// Seconds; goes into `Retry-After`.
    var retryAfter: Int?

    static let unknown = ExchangeFault(status: 500, code: -1000, message: "An unknown error occurred while processing the request.")
    static let outsideWindow = ExchangeFault(code: -1021, message: "Timestamp for this request is outside of the recvWindow.")
    static let aheadOfServer = ExchangeFault(code: -1021, message: "Timestamp for this request was 1000ms ahead of the server's time.")
    static let badSignature = ExchangeFault(code: -1022, message: "Signature for this request is not valid.")
    static let duplicateValues = ExchangeFault(code: -1101, message: "Duplicate values for a parameter detected.")
    static let tooManyParameters = ExchangeFault(code: -1101, message: "Too many parameters sent for this endpoint.")
    static let badTimeInForce = ExchangeFault(code: -1115, message: "Invalid timeInForce.")
    static let badOrderType = ExchangeFault(code: -1116, message: "Invalid orderType.")
    static let badSide = ExchangeFault(code: -1117, message: "Invalid side.")
    static let badInterval = ExchangeFault(code: -1120, message: "Invalid interval.")
    static let badSymbol = ExchangeFault(code: -1121, message: "Invalid symbol.")
    static let badCombination = ExchangeFault(code: -1128, message: "Combination of optional parameters invalid.")
    static let insufficientBalance = rejected("Account has insufficient balance for requested action.")
    static let duplicateOrder = rejected("Duplicate order sent.")
    static let marketClosed = rejected("Market is closed.")
    static let wouldTake = rejected("Order would immediately match and take.")
    static let unknownOrder = ExchangeFault(code: -2011, message: "Unknown order sent.")
    static let noSuchOrder = ExchangeFault(code: -2013, message: "Order does not exist.")
    static let badKeyFormat = ExchangeFault(status: 401, code: -2014, message: "API-key format invalid.")
    static let rejectedKey = ExchangeFault(status: 401, code: -2015, message: "Invalid API-key, IP, or permissions for action.")

    static func rejected(_ message: String) -> ExchangeFault {
        ExchangeFault(code: -2010, message: message)
    }

    static func filter(_ name: String) -> ExchangeFault {
        ExchangeFault(code: -1013, message: "Filter failure: \(name)")
    }

    static func invalid(_ message: String) -> ExchangeFault {
        ExchangeFault(code: -1013, message: message)
    }

    static func illegalCharacters(_ name: String, range: String) -> ExchangeFault {
        ExchangeFault(code: -1100, message: "Illegal characters found in parameter '\(name)'; legal range is '\(range)'.")
    }

    static func tooMany(expected: Int, received: Int) -> ExchangeFault {
        ExchangeFault(code: -1101, message: "Too many parameters; expected '\(expected)' and received '\(received)'.")
    }

    static func mandatory(_ name: String) -> ExchangeFault {
        ExchangeFault(code: -1102, message: "Mandatory parameter '\(name)' was not sent, was empty/null, or malformed.")
    }

    static func eitherMandatory(_ one: String, _ other: String) -> ExchangeFault {
        ExchangeFault(code: -1102, message: "Param '\(one)' or '\(other)' must be sent, but both were empty/null!")
    }

    static func tooGreat(_ name: String, limit: Int) -> ExchangeFault {
        ExchangeFault(code: -1102, message: "'\(name)' contains unexpected value. Cannot be greater than '\(limit)'.")
    }

    static func unread(read: Int, sent: Int) -> ExchangeFault {
        ExchangeFault(code: -1104, message: "Not all sent parameters were read; read '\(read)' parameter(s) but was sent '\(sent)'.")
    }

    static func empty(_ name: String) -> ExchangeFault {
        ExchangeFault(code: -1105, message: "Parameter '\(name)' was empty.")
    }

    static func notRequired(_ name: String) -> ExchangeFault {
        ExchangeFault(code: -1106, message: "Parameter '\(name)' sent when not required.")
    }

    static func tooPrecise(_ name: String) -> ExchangeFault {
        ExchangeFault(code: -1111, message: "Parameter '\(name)' has too much precision.")
    }

    static func badData(_ name: String) -> ExchangeFault {
        ExchangeFault(code: -1130, message: "Data sent for parameter '\(name)' is not valid.")
    }
}
