public import ServiceKit

/// Which port each process of a deployment uses, all on 127.0.0.1.
public struct PortPlan: Codable, Sendable, Equatable {
    public struct Ports: Codable, Sendable, Equatable {
        /// The mesh, or HTTPS.
        public var listen: Int
        public var health: Int

        public init(listen: Int, health: Int) {
            self.listen = listen
            self.health = health
        }
    }

    public static let host = "127.0.0.1"
    public static let defaultBase = 7400
    /// Ports from the base to the last one that a plan uses.
    public static let span = 17
    static let healthOffset = 10

    public var services: [ServiceName: Ports]
    /// auth's, for those without a certificate.
    public var enrolment: Int
    static let enrolmentOffset = 7

    public init(services: [ServiceName: Ports], enrolment: Int) {
        self.services = services
        self.enrolment = enrolment
    }

    /// Base + 0 gateway, 1 auth, 2 agent, 3 market-data, 4 execution, 5 audit, 6 sandbox-exchange, 7 auth's enrolment; health from 10.
    public init(base: Int) {
        services = Dictionary(
            uniqueKeysWithValues: ServiceName.allCases.enumerated().map { offset, name in
                (name, Ports(listen: base + offset, health: base + Self.healthOffset + offset))
            })
        enrolment = base + Self.enrolmentOffset
    }

    /// Ports that nobody uses now.
    public static func free() throws -> PortPlan {
        var ports = try FreePorts.take(2 * ServiceName.allCases.count + 1)
        let enrolment = ports.removeLast()
        return PortPlan(
            services: Dictionary(
                uniqueKeysWithValues: ServiceName.allCases.map { ($0, Ports(listen: ports.removeLast(), health: ports.removeLast())) }),
            enrolment: enrolment)
    }

    public func listen(_ name: ServiceName) -> Endpoint { Endpoint(host: Self.host, port: services[name]?.listen ?? 0) }
    public func health(_ name: ServiceName) -> Endpoint { Endpoint(host: Self.host, port: services[name]?.health ?? 0) }

    public var enrolmentEndpoint: Endpoint { Endpoint(host: Self.host, port: enrolment) }

    /// `https://127.0.0.1:7400`
    public func url(_ name: ServiceName) -> String { "https://\(listen(name))" }

    /// A port of the plan that something else uses now, with the service that needs it.
    public func firstTaken() -> (service: ServiceName, port: Int)? {
        for name in ServiceName.allCases {
            guard let ports = services[name] else { continue }
            for port in [ports.listen, ports.health] where !FreePorts.isFree(port) { return (name, port) }
        }
        return FreePorts.isFree(enrolment) ? nil : (.auth, enrolment)
    }
}
