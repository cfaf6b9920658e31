internal import Glibc
internal import NIOPosix

/// Asks the system's resolver for all IPv4 and IPv6 addresses of names (`getaddrinfo`, RFC 3493), on a thread that may wait.
public struct DNSResolver: MeshResolver {
    private let endpoints: [MeshEndpoint]

    /// - Parameter endpoints: names, of which every address is used, and IP addresses, which are used as they are.
    public init(_ endpoints: [MeshEndpoint]) {
        self.endpoints = endpoints
    }

    /// There is nothing to ask for when all are IP addresses.
    public var isFixed: Bool { endpoints.allSatisfy(\.isNumeric) }

    /// - Throws: `ResolutionFailed` when none of the names has an address.
    public func resolve() async throws -> [MeshEndpoint] {
        if isFixed { return endpoints }
        let endpoints = endpoints
        return try await NIOThreadPool.singleton.runIfActive { try Self.lookUp(endpoints) }
    }

    private static func lookUp(_ endpoints: [MeshEndpoint]) throws(ResolutionFailed) -> [MeshEndpoint] {
        var found: [MeshEndpoint] = []
        var failure: ResolutionFailed?
        for endpoint in endpoints {
            do throws(ResolutionFailed) {
                for address in try lookUp(endpoint) where !found.contains(address) { found.append(address) }
            } catch {
                failure = error
            }
        }
        if found.isEmpty, let failure { throw failure }
        return found
    }

    private static func lookUp(_ endpoint: MeshEndpoint) throws(ResolutionFailed) -> [MeshEndpoint] {
        if endpoint.isNumeric { return [endpoint] }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(endpoint.host, nil, &hints, &list)
        guard code == 0 else { throw ResolutionFailed(host: endpoint.host, reason: String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        return sequence(first: list) { $0?.pointee.ai_next }.prefix { $0 != nil }
            .compactMap { $0.flatMap(numericHost) }
            .map { MeshEndpoint(host: $0, port: endpoint.port) }
    }

    private static func numericHost(_ info: UnsafeMutablePointer<addrinfo>) -> String? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = getnameinfo(info.pointee.ai_addr, info.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        guard code == 0 else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// For the log: why a name has no address.
public struct ResolutionFailed: Error, CustomStringConvertible {
    /// The name that was looked up.
    public let host: String
    /// What the system said.
    public let reason: String

    public var description: String { "\(host): \(reason)" }
}

extension MeshEndpoint {
    /// The host is an IP address, not a name.
    var isNumeric: Bool {
        var v4 = in_addr(), v6 = in6_addr()
        return inet_pton(AF_INET, host, &v4) == 1 || inet_pton(AF_INET6, host, &v6) == 1
    }
}
