public import Foundation
import Synchronization

/// Whether the user, or the system, has asked the program to end: Ctrl-C, SIGTERM, SIGHUP.
///
/// A run ends after the step it is in, with a checkpoint. A second signal ends the process at once.
public final class Interruption: Sendable {
    private let requested = Atomic<Bool>(false)

    /// No request yet; nothing is listened to.
    public init() {}

    /// Whether the run is to end.
    public var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// Asks the run to end.
    public func request() { requested.store(true, ordering: .relaxed) }

    /// Takes these of the process's signals from now on.
    ///
    /// On Linux only one listener of a signal in a process hears it.
    public func listen(to numbers: [Int32] = [SIGINT, SIGTERM, SIGHUP]) {
        for number in numbers {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [self] in
                _ = source  // its own handler keeps it, as long as the process listens
                if isRequested { exit(128 + number) }
                request()
            }
            source.resume()
        }
    }
}
