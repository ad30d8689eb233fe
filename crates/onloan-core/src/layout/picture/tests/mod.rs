mod drawings;
mod properties;

use super::*;
use crate::layout::Layout;
