internal import NIOCore

/// How long a connection from an address waits before its handshake begins: for a while after a peer there was cut off. A pure value.
///
/// Who floods is cut off by the bounds of its connection, at little cost to others; what they would notice is that it comes back at once, as a handshake
/// takes as much time as some hundred calls. Connections that are open already, and those from other addresses, do not wait.
struct Probation {
    static let firstWait = TimeAmount.milliseconds(100)
    /// After this time without another offence all is forgotten.
    static let memory = TimeAmount.seconds(10)
    /// The most addresses that are remembered.
    static let mostAddresses = 1024

    private struct Record {
        var offences: Int
        var last: NIODeadline
    }

    private let longest: TimeAmount
    private var records: [PeerAddress: Record] = [:]

    /// - Parameter longest: the wait doubles with each offence up to this; zero: nobody waits.
    init(longest: TimeAmount) {
        self.longest = longest
    }

    /// Addresses that are remembered now.
    var count: Int { records.count }

    func wait(for address: PeerAddress, at now: NIODeadline) -> TimeAmount {
        guard let record = records[address], !Self.isForgotten(record, at: now) else { return .zero }
        // More doublings than this are beyond any longest wait.
        let doublings = min(record.offences - 1, 20)
        return min(longest, .nanoseconds(Self.firstWait.nanoseconds << doublings))
    }

    /// A peer at the address was cut off.
    mutating func offended(_ address: PeerAddress, at now: NIODeadline) {
        guard longest > .zero else { return }
        if records[address] == nil, records.count >= Self.mostAddresses { makeRoom(at: now) }
        let before = records[address].flatMap { Self.isForgotten($0, at: now) ? nil : $0.offences } ?? 0
        records[address] = Record(offences: before + 1, last: now)
    }

    private mutating func makeRoom(at now: NIODeadline) {
        records = records.filter { !Self.isForgotten($0.value, at: now) }
        guard records.count >= Self.mostAddresses, let oldest = records.min(by: { $0.value.last < $1.value.last }) else { return }
        records[oldest.key] = nil
    }

    private static func isForgotten(_ record: Record, at now: NIODeadline) -> Bool { now - record.last >= memory }
}
