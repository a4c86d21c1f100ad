// Package charset finds out how a text is encoded and turns it into UTF-8: the tables and Shapefiles that planners bring are
// UTF-8, UTF-16 or one of the Chinese code pages (GB2312 ⊂ GBK ⊂ GB18030), and often say nothing of it, or something wrong.
//
// A text that is valid UTF-8 is UTF-8. Any other is judged by how often characters of each class occur in what it would mean as
// Chinese (GB18030, Big5), Japanese or Korean; it is taken for GB18030 only if that is clearly the likeliest, and else refused
// with a hint to state the encoding. Bytes that the encoding does not have are an error with their line, never a silent U+FFFD.
package charset
