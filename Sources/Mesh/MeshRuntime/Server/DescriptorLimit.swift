internal import Glibc

/// How many files and sockets this process may have open (getrlimit(2), RLIMIT_NOFILE).
///
/// A process begins with a limit of 1024 on most systems, for the sake of programs that use select(2), and may raise it as far as its hard limit. Without
/// that a thousand strangers would leave no descriptor for anybody else, nor for the files of the process.
enum DescriptorLimit {
    /// Once raised.
    static let raised: Int = {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return usual }
        guard limit.rlim_cur < limit.rlim_max else { return Int(clamping: limit.rlim_cur) }
        let before = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        return Int(clamping: setrlimit(resource, &limit) == 0 ? limit.rlim_max : before)
    }()

    private static let usual = 1024
}

extension ServerLimits {
    /// Descriptors that are left for what is no connection of the server's: files, connections to others.
    private static let otherDescriptors = 256

    /// The same limits, lowered to what so many descriptors allow.
    func fitting(descriptors: Int) -> ServerLimits {
        let left = descriptors - min(Self.otherDescriptors, descriptors / 4), most = max(2, left / 4 * 3)
        guard maximumConnections > most else { return self }
        var limits = self
        limits.maximumConnections = most
        limits.maximumHandshakes = min(maximumHandshakes, most / 2)
        return limits
    }
}
