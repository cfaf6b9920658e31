internal import Foundation

/// Shows an operator what a service's process can reach: it confines itself as the service does, then tries to open each path.
enum AccessReport {
    /// - Returns: 0 when every path could be opened, otherwise 1.
    static func exitCode(_ settings: ServiceSettings, paths: [String]) throws -> Int32 {
        print(try ProcessHardening.apply(settings))
        let refused = paths.filter { path in
            let failure = failure(opening: path)
            print("\(failure ?? "opened") \(path)")
            return failure != nil
        }
        return refused.isEmpty ? 0 : 1
    }

    private static func failure(opening path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "refused (\(String(cString: strerror(errno))))" }
        close(descriptor)
        return nil
    }
}
