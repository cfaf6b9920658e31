internal import FoundationEssentials

/// A moment as signatures write it: `20261125T190000Z`, in UTC.
struct AWSTime {
    let stamp: String
    var date: String { String(stamp.prefix(8)) }

    /// - Parameter seconds: since 1970.
    init(_ seconds: Int64) {
        stamp = Date(timeIntervalSince1970: Double(seconds)).formatted(
            .iso8601.year().month().day().time(includingFractionalSeconds: false).dateSeparator(.omitted).timeSeparator(.omitted)
                .timeZone(separator: .omitted))
    }
}
