//! How many bytes were out when: a bounded line of samples.

/// So many samples are kept; when there are more, every second one goes and the distance doubles.
const MOST: usize = 2048;

#[derive(Clone, Copy)]
pub(super) struct Sample {
    /// Milliseconds since the start.
    pub(super) time: u32,
    pub(super) bytes: u64,
    pub(super) count: u64,
}

/// The samples. Of what happens between two of them the greatest number of bytes is kept.
pub(super) struct Timeline {
    samples: Vec<Sample>,
    distance: u32,
}

impl Timeline {
    pub(super) const fn new() -> Timeline {
        Timeline {
            samples: Vec::new(),
            distance: 1,
        }
    }

    #[inline]
    pub(super) fn add(&mut self, sample: Sample) {
        match self.samples.last_mut() {
            Some(last) if sample.time < last.time.saturating_add(self.distance) => {
                if sample.bytes > last.bytes {
                    last.bytes = sample.bytes;
                    last.count = sample.count;
                }
            }
            _ => self.push(sample),
        }
    }

    #[cold]
    fn push(&mut self, sample: Sample) {
        if self.samples.len() >= MOST {
            let mut even = false;
            self.samples.retain(|_| {
                even = !even;
                even
            });
            self.distance = self.distance.saturating_mul(2);
        }
        self.samples.push(sample);
    }

    pub(super) fn samples(&self) -> &[Sample] {
        &self.samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_keeps_its_ends_and_its_bound() {
        let mut line = Timeline::new();
        for time in 0..100_000 {
            line.add(Sample {
                time,
                bytes: 1,
                count: 1,
            });
        }
        assert!(line.samples().len() <= MOST);
        assert_eq!(line.samples()[0].time, 0);
        assert!(line.samples().last().expect("samples").time > 99_000);
    }
}
