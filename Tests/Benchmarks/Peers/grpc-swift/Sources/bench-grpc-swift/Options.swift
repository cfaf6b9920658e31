import Foundation

/// The command line that every peer's program takes.
struct Options {
    var server = false
    var host = ""
    var port = 0
    var mode = "unary"
    var certificate = ""
    var key = ""
    var authority = ""
    var connections = 1
    /// Calls in flight over all connections.
    var inFlight = 1
    var seconds = 5.0

    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    init(_ arguments: [String]) throws {
        guard arguments.count > 1, ["server", "client"].contains(arguments[1]) else { throw Refused(description: "server or client?") }
        server = arguments[1] == "server"
        var rest = arguments.dropFirst(2)
        while let name = rest.popFirst() {
            guard let value = rest.popFirst() else { throw Refused(description: "\(name) has no value") }
            try set(name, value)
        }
        guard port > 0, !certificate.isEmpty, !key.isEmpty, !authority.isEmpty else {
            throw Refused(description: "--addr, --cert, --key and --ca are needed")
        }
    }

    private mutating func set(_ name: String, _ value: String) throws {
        switch name {
        case "--addr": try setAddress(value)
        case "--mode": mode = value
        case "--cert": certificate = value
        case "--key": key = value
        case "--ca": authority = value
        // The library verifies the chain and the host's name; who else the server is it can't be asked to check besides.
        case "--peer": break
        case "--connections": connections = try Self.number(value, 1...10_000)
        case "--inflight": inFlight = try Self.number(value, 1...100_000)
        case "--seconds": seconds = try Self.number(value, 0.001...3600)
        default: throw Refused(description: "unknown option \(name)")
        }
    }

    private mutating func setAddress(_ text: String) throws {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]) else {
            throw Refused(description: "--addr is HOST:PORT")
        }
        (host, self.port) = (String(text[..<colon]), port)
    }

    private static func number<N: LosslessStringConvertible & Comparable>(_ text: String, _ range: ClosedRange<N>) throws -> N {
        guard let value = N(text), range.contains(value) else { throw Refused(description: "\(text) is out of range") }
        return value
    }
}
