/// What became of a secret, as an endless sequence: its versions when watching starts, then again each time that they or their stages
/// have changed. Ends when the task is cancelled.
public struct SecretChanges: AsyncSequence, Sendable {
    public enum Element: Sendable, Equatable {
        case versions([SecretVersion])
        /// The store stopped answering; told once, until it answers again.
        case failure(SecretStoreError)
    }

    let store: any SecretStore
    let name: String
    let interval: Duration

    /// The shortest interval: more would be a load on the store.
    static let minimumInterval = Duration.milliseconds(20)

    public func makeAsyncIterator() -> Iterator {
        Iterator(store: store, name: name, interval: interval > Self.minimumInterval ? interval : Self.minimumInterval)
    }

    public struct Iterator: AsyncIteratorProtocol {
        let store: any SecretStore
        let name: String
        let interval: Duration
        private var last: Element?

        init(store: any SecretStore, name: String, interval: Duration) {
            self.store = store
            self.name = name
            self.interval = interval
        }

        public mutating func next() async -> Element? {
            while !Task.isCancelled {
                if last != nil { try? await Task.sleep(for: interval) }
                guard let found = await look() else { return nil }
                guard !repeatsLast(found) else { continue }
                last = found
                return found
            }
            return nil
        }

        private func look() async -> Element? {
            do {
                return .versions(try await store.versions(of: name))
            } catch let error as SecretStoreError {
                return .failure(error)
            } catch {
                return nil
            }
        }

        /// Two failures in a row are one, whatever they say.
        private func repeatsLast(_ found: Element) -> Bool {
            if case (.failure, .failure) = (last, found) { return true }
            return last == found
        }
    }
}
