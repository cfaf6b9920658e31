internal import Glibc

/// The time of day, which certificates are measured by. Deadlines use the monotonic clock.
enum WallClock {
    static var secondsSince1970: Int64 { Int64(time(nil)) }
}
