#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// How the learning rate changes over the optimizer's steps.
public struct LearningRateSchedule: Hashable, Sendable {
    /// The course after the warm-up.
    public enum Shape: String, Hashable, Sendable, CaseIterable, Codable {
        /// Half a cosine down to the floor. As in the official code it is not held there: past the end it rises again.
        case cosine
        /// Straight down to the floor.
        case linear
        /// No change.
        case constant
    }

    /// The course after the warm-up.
    public var shape: Shape
    /// Steps in which the rate rises from 0.
    public var warmupSteps: Int
    /// Steps in all.
    public var totalSteps: Int
    /// Share of the rate that is left at the end.
    public var floor: Double

    /// A schedule.
    public init(_ shape: Shape, warmupSteps: Int, totalSteps: Int, floor: Double = 0) {
        self.shape = shape
        self.warmupSteps = warmupSteps
        self.totalSteps = totalSteps
        self.floor = floor
    }

    /// Factor on the learning rate in step `step`, from 0.
    public func factor(step: Int) -> Double {
        if step < warmupSteps { return Double(step) / Double(max(1, warmupSteps)) }
        let progress = Double(step - warmupSteps) / Double(max(1, totalSteps - warmupSteps))
        switch shape {
        case .constant: return 1
        case .linear: return max(floor, 1 - (1 - floor) * progress)
        case .cosine: return floor + (1 - floor) * 0.5 * (1 + cos(.pi * progress))
        }
    }
}
