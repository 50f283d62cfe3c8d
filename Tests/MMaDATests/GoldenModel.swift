import Foundation
import MMaDA
import TestSupport

/// The golden checkpoint, whose parts lie in three folders.
func goldenModel() throws -> MMaDAModel {
    var options = LoadingOptions()
    options.imageTokenizer = Golden.file("magvit-tiny")
    return try MMaDAModel(
        directory: Golden.file("llada-tiny"), tokenizerDirectory: Golden.file("tokenizer"), options: options)
}
