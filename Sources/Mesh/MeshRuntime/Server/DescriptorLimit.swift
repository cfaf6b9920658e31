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

    /// With bounds that so many descriptors are enough for.
    func fitting(descriptors: Int) -> ServerLimits {
        let left = max(4, descriptors - min(Self.otherDescriptors, descriptors / 4))
        var limits = self
        // The larger part is for connections that are served.
        limits.maximumConnections = min(maximumConnections, left / 4 * 3)
        limits.maximumHandshakes = min(maximumHandshakes, limits.maximumConnections / 2)
        limits.maximumParked = min(maximumParked, left - limits.maximumConnections)
        return limits
    }
}
