#!/usr/bin/env python3
"""Generates an invented English county: children, families and the records that its agencies hold about them.

    python3 county.py --submissions N --seed S --errors 100 --out FOLDER [--twins N]

Writes FOLDER/submissions.ndjson (shuffled) and FOLDER/truth.json. Standard library only. "Now" is 1 October 2025.
With --twins N exactly N pairs of twins are generated, at most one in a family; --submissions is then a minimum and may be left out.

Structure. A county has towns, streets, blocks of flats, shelters, schools and practices in proportion to N; homes have a mother,
mostly a father, 1-6 children, moves (half have none), perhaps a partner, a father's other home (7 %), cousins near or in one house
(4-14 %), foster or kinship care (3 %). Eleven heritages: 70 % English, 9 % South Asian Muslim, 4 % Irish, 3 % Polish, 3 % West African, ...
Given names fall by 1/(rank + c), surnames likewise with some 2,500 rare English ones built of two halves. Twins 1.5 % of births (a third of a
same-sex pair's names alike); siblings 10-11 months apart 3 %, birthdays within three days of each other 3 %; planted namesakes 0.6 % of clans
(30 % within a fortnight, never on the day: that happens by chance, 0-3 pairs in 45,000); two mothers of one name 0.07 %;
a child named after a dead or half-sibling about 0.1 %.

Measured at --errors 100 (30,000 records; at 200 in brackets): 4.4 records and 4.1 agencies a child; registered twice 4 % (8), sent twice 3 % (6);
given name not as registered 14 % (23: nicknames, middle names, spellings, slips), missing 0.3 % (0.8); family name not as registered 12 % (22: half a
double barrel, another parent's or step-parent's name, spellings), missing 1.1 % (1.9); birth date missing 1.6 % (3.1), wrong 3.0 % (6.3: day and month 0.6, 1 January
0.5, digit, year); sex missing 5 % (10), wrong 0.6 % (1.3); NHS number in 45 % (of health's 95 %), of those 1.6 % words (3.5) and 0.9 % wrong (1.7, half a
sibling's); UPN in 18 % (of schools' 96 %), 1.8 % not right (4.2); an address in 92 %, two or more in 13 %; mother in 73 %, father in 33 %, siblings in 19 %.
What agencies hold (coverage), moves, homes and families do not change with --errors; errors, second registrations and resendings do.

Solvability. Each record is checked for what a careful clerk would need (identifier, birth date, names, address, parents, siblings; more for
twins and namesakes). A record that falls short is generated again, except about 6 % of those, which truth.json lists as unknowable (about 0.02 % of all, 0.05 % at 200).
Families are those that the records show: a mother's children by her name, home or siblings named; a father's children over two
homes only when a father with a birth date or a half-sibling with one is recorded. A child in both kinds is in two families; two families of the
same children are one. A dead child's records are kept. Subjects are children only.
"""
from __future__ import annotations
import argparse, json, random, sys
from bisect import bisect
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Optional

NOW = date(2025, 10, 1)
W = str.split

# ---------------------------------------------------------------- names: most frequent first, drawn by 1/(rank + c)
GIVEN: dict[str, tuple[list[str], list[str]]] = {
 "eng": (W("Oliver George Harry Jack Noah Charlie Jacob Alfie Oscar Thomas Leo James William Joshua Henry Freddie Archie Arthur Theo Logan Ethan Alexander Isaac Joseph Samuel Daniel Edward Max Mason Lucas Benjamin Sebastian Finley Harrison Dylan Riley Teddy Toby Luca Adam Louis Reuben Tommy Theodore Hugo Jude Bobby Elijah Ronnie Frankie Luke Stanley Matthew Nathan Jenson Caleb Albert Jackson Liam Connor Ryan Tyler Callum Cameron Lewis Kai Jayden Owen Harvey Blake Michael David Robert John Christopher Jonathan Nicholas Anthony Stephen Peter Kyle Aaron Jamie Jordan Ashton Kian Kieran Brandon Reece Bradley Zachary Ellis Elliot Rory Felix Jasper Ezra Otis Rupert Hudson Carter Grayson Roman Arlo Albie Ralph Frederick Sonny Louie Ollie Billy Reggie Jaxon Leon Gabriel Dexter Dominic Patrick Ted Rowan Finn Kit Barnaby Miles Hector Ewan Spencer Marcus Tobias Tyrone Jerome Corey Kaiden Kayden Jake Ben Joel Josh Taylor Morgan Rhys Evan Gethin Curtis Shane Craig Lee Zac Ricky Denzel Malachi Nathaniel Isaiah Micah Levi Jesse Silas Rex Rafe Monty Woody Bertie Jonah Seth Abel"),
  W("Olivia Amelia Isla Ava Emily Sophia Grace Mia Poppy Ella Lily Evie Isabella Sophie Ivy Freya Harper Willow Charlotte Jessica Rosie Daisy Alice Elsie Sienna Florence Evelyn Phoebe Aria Ruby Isabelle Esme Scarlett Matilda Millie Eva Sofia Emilia Maisie Chloe Erin Eliza Lola Imogen Molly Lucy Holly Ellie Elizabeth Bella Nancy Lottie Maya Penelope Thea Mila Luna Zara Summer Hannah Megan Abigail Georgia Amber Jasmine Leah Lacey Amy Eleanor Katie Lexi Anna Rebecca Sarah Rachel Lauren Bethany Caitlin Courtney Paige Shannon Jade Kayla Madison Skye Faith Hope Heidi Harriet Beatrice Martha Darcey Gracie Annabelle Victoria Catherine Katherine Alexandra Natalie Samantha Nicole Danielle Gemma Stacey Kelly Tia Libby Tilly Robyn Rose Violet Mabel Maggie Margot Ada Edith Iris Hallie Orla Nevaeh Aurora Arabella Clara Ottilie Bonnie Dolly Lyra Mollie Abbie Amelie Julia Francesca Gabriella Naomi Lydia Josephine Rosa Aimee Ayla Eden Autumn Connie Neve Alisha Keira Kiera Demi Shanice Kelsey Ebony Chantelle Leanne Mya Macie Tegan Seren Carys Cerys Nia Ffion Bronwyn Isobel Felicity Flora Sadie Sasha")),
 "irish": (W("Conor Sean Liam Cian Oisin Patrick Finn Rory Declan Kieran Aidan Niall Eoin Cormac Ronan Callum Fergus Angus Hamish Lachlan Ewan Euan Brendan Dermot Shay Tadhg Darragh Fionn Eamon Martin Johnny Michael"),
  W("Niamh Aoife Saoirse Ciara Caoimhe Orla Erin Roisin Siobhan Sinead Maeve Aisling Clodagh Shauna Eilidh Mairi Fiona Catriona Kirsty Bridget Kathleen Margaret Mary Shannon Kerry Tara Eimear Grainne Bernadette")),
 "muslim": (W("Mohammed Ahmed Ali Ibrahim Yusuf Hassan Hamza Adam Ismail Hussain Zain Ayaan Bilal Umar Omar Abdullah Haris Rayyan Musa Isa Idris Zakariya Imran Usman Haider Faisal Asad Saad Hamid Ayub Danyal Sulaiman Junaid Adnan Kashif Tariq Shahid Rashid Nadeem Naveed Asif Irfan Khalid Arif Aqib Zayn Eesa Subhan Rehan Shayan Armaan Arham Taha Yahya Zubair Talha Huzaifa Luqman Rafi Tahmid Rahim Karim Sami Nabil Shakil Tanvir Jamil"),
  W("Fatima Aisha Maryam Zainab Khadija Amina Hafsa Aaliyah Zara Safa Sumayyah Sara Hira Iqra Maria Anaya Inaya Noor Hana Laiba Sana Alina Eman Ayat Zoya Mahnoor Ayesha Hajra Asma Ruqayyah Halima Saima Shazia Nadia Samina Rukhsana Nasreen Farzana Shabana Yasmin Rabia Bushra Uzma Sadia Tahira Nusrat Rehana Shaista Humaira Mehwish Anisa Tasnim Nabila Sabiha Jannat Rahima Tanisha Sultana Parveen Kulsum Mishal Areeba Dua Haleema")),
 "sikh": (W("Arjan Gurpreet Harpreet Jaspreet Manpreet Amrit Jeevan Karan Harjit Simran Sukhdeep Baldev Gurdeep Jagdeep Kulwinder Manraj Fateh Jujhar Himmat Rajan Ranveer Tejas Ajay Avtar Balraj Satnam"),
  W("Simran Jasleen Harleen Gurleen Manpreet Jaspreet Kiran Amrit Navdeep Rajinder Sukhwinder Balvinder Harpreet Jasmine Anaya Avneet Mehar Japleen Kirpal Parminder Ravneet Sandeep Gurpreet Manjit Asha Sahib")),
 "hindu": (W("Aarav Arjun Dev Rohan Aryan Vihaan Krish Om Nikhil Rahul Sanjay Amit Vivek Ravi Suresh Anand Kiran Jay Jai Dhruv Ishaan Reyansh Advik Kavin Pranav Siddharth Aditya Akash Hari Neel"),
  W("Anaya Diya Saanvi Aanya Priya Nisha Anjali Pooja Kavya Riya Isha Meera Lakshmi Sita Asha Rani Divya Shreya Aarya Tara Deepa Sunita Anita Rekha Hetal Krupa Mira Maya Aditi Swara")),
 "arab": (W("Mohammed Ahmed Omar Yusuf Ali Adam Hassan Khaled Karim Mahmoud Mustafa Tarek Walid Ziad Samir Rami Bashar Anas Laith Faris Ibrahim Hamza Nour Salim Hadi Jad Amir Reza Sajad Farhad Baran Aram Dara Rawand"),
  W("Maryam Fatima Nour Layla Aya Sara Salma Yasmin Hala Rania Lina Dina Mona Huda Amal Reem Jana Malak Rahaf Sham Zahra Hanan Samira Farah Zainab Shilan Narin Tara Mina Parisa Leila Shirin")),
 "polish": (W("Jakub Antoni Szymon Jan Filip Kacper Mikołaj Aleksander Michał Wojciech Mateusz Bartosz Piotr Tomasz Paweł Łukasz Adam Oskar Oliwier Dawid Maciej Krzysztof Marcin Grzegorz Stanisław Dominik Wiktor Igor Kamil Adrian Andrzej Rafał"),
  W("Zuzanna Julia Maja Zofia Hanna Lena Alicja Maria Oliwia Amelia Aleksandra Natalia Wiktoria Emilia Nikola Gabriela Anna Katarzyna Małgorzata Agnieszka Joanna Magdalena Karolina Monika Iga Pola Antonina Łucja Kinga Weronika Milena Patrycja Ewa")),
 "east": (W("Andrei David Ștefan Alexandru Matei Ionuț Luca Mihai Gabriel Cristian Florin Marius Bogdan Rareș Darius Nojus Lukas Matas Jonas Domantas Rokas Mantas Viktor Georgi Ivan Dimitar Oleksandr Artem Maksym Danylo Kristaps Rihards Tomáš Lukáš Ondřej Dávid"),
  W("Maria Andreea Ioana Elena Sofia Ștefania Alexandra Daria Antonia Bianca Larisa Denisa Gabriela Mihaela Emilija Gabija Austėja Ugnė Lėja Viktoria Raya Darya Oksana Polina Anastasia Solomiia Elīna Anna Tereza Kristýna Natália Nikoleta")),
 "african": (W("David Emmanuel Daniel Samuel Joshua Michael Joseph Elijah Ayomide Oluwaseun Tobi Ayodele Chidi Chukwuemeka Ikenna Obinna Kwame Kofi Kwabena Yaw Tendai Tinashe Tatenda Kudzai Femi Segun Kelechi Emeka Ebuka Nana Prince Gift Blessed Israel Divine Destiny Tawanda Musa Lamin"),
  W("Grace Esther Deborah Blessing Precious Favour Ruth Abigail Temitope Oluwatobi Adaeze Chioma Ngozi Ifeoma Ama Akosua Abena Efua Adwoa Tanaka Rutendo Chipo Nyasha Rudo Ayomide Folake Funmi Titilayo Zainab Aminata Fatou Mercy Joy Peace Comfort Praise Amarachi Chidera Damilola")),
 "somali": (W("Mohamed Abdirahman Abdullahi Yusuf Ahmed Ismail Ibrahim Hassan Abdi Mahad Liban Guled Zakaria Ayanle Khalid Warsame Farah Bashir Jama Said Osman Nur Hussein Ali Omar Mukhtar"),
  W("Hodan Fadumo Amina Hibo Ifrah Khadra Sagal Sahra Maryan Hamdi Ayan Asha Nimco Ubah Zahra Hawa Ruqiya Suad Deqa Idil Najma Filsan Habiba Naima Samira Halimo")),
 "chinese": (W("Jason Ryan Kevin Wei Jun Hao Ethan Lucas Ming Kai Zihan Haoyu Tsz Ho Marcus Jayden Bowen Yichen"),
  W("Emily Yan Mei Ling Xin Chloe Jasmine Hiu Yee Sophie Ying Yutong Zihan Fiona Vivian Cherry Hoi Ching Xinyi")),
}
HERITAGE = ["eng", "irish", "muslim", "sikh", "hindu", "arab", "polish", "east", "african", "somali", "chinese"]
HERITAGE_WEIGHT = [70, 4, 9, 1.8, 1.8, 2, 3.4, 2.4, 3, 1.3, 1.3]
OLD = {"m": W("Paul Andrew Mark Steven Darren Lee Gary Wayne Simon Kevin Ian Neil Carl Dean Scott Stuart Martin Richard Jason Gavin Karl Barry Keith Graham Tony Adrian Ashley Ross Shaun Dale Liam Luke Ryan Craig Kyle Jordan"),
       "f": W("Sarah Claire Emma Nicola Lisa Michelle Kerry Joanne Donna Louise Kelly Tracey Karen Samantha Rachel Gemma Stacey Natalie Laura Jennifer Zoe Hayley Leanne Vicky Kirsty Charlene Tanya Becky Jodie Sharon Julie Amanda Helen Katie Stephanie Lindsey Kayleigh Chelsea Jade Toni")}
COMMON = W("Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts Green Hall Wood Jackson Clarke Harris Clark Turner Hill Cooper Ward Moore Morris Watson Harrison Morgan Baker King Lewis Allen Parker Lee Young Martin Edwards Hughes Scott James Bennett Mitchell Cook Shaw Carter Phillips Davis Richardson Bailey Collins Cox Bell Murphy Miller Marshall Anderson Webb Kelly Price Rogers Gray Stevens Simpson Adams Wilkinson Foster Hunt Russell Palmer Mills Mason Holmes Knight Lloyd Campbell Barnes Butler Jenkins Stevenson Matthews Chapman Dixon Fisher Pearson Reynolds Fletcher Harvey Howard Andrews Elliott Fox Ford Saunders West Day Payne Graham Ellis Gibson Pearce Brooks Stone Hart Cole Lawrence Burton Carr Walsh Ryan Reid Armstrong Kaye Woods Grant Perry Hudson Dunn Spencer Hawkins Owen Francis Gardner Lane Nicholls Bradley Atkinson Robertson Hamilton Wells Hayes Burns Read Barker Ball Porter Tucker Rose Newman Bird Booth Watts Cross Barrett Hopkins Stephens Sutton Gregory Nash Sharp Potter Griffin Byrne Frost Dean Osborne Goodwin Doyle Fuller Parsons Lambert Norris Brookes Curtis Austin Cunningham Bates Kemp Slater Hodgson Barton Page Rees Moss Leach Lowe Swift Pratt Bond May Gill")
HEADS = W("Ash Black Brad Brink Broad Brom Bur Car Chad Clay Cran Cole Crow Dal Den Dray East El Fair Far Fen Gar Glad Green Hal Ham Har Hart Hather Hazel Hol Horn Hux Kid Kirk Lang Lin Long Lud Mal Mar Mel Mid Mor Nor Oak Old Pem Pen Pres Rad Red Rush Sel Shel Sher Stan Stock Stap Sut Swin Thorn Tun Wad Wal Whit Wil Win Wol Worth Yard")
TAILS = W("ton ley field ford ham by combe worth well wood bury bourne burn brook den gate grave hurst land low man more over ridge shaw stone thorpe wick ward water way wright ington ingham ersley sby cott beck croft dale")
SURNAME: dict[str, list[str]] = {
 "irish": W("Murphy Kelly Walsh Byrne Ryan Doyle McCarthy Gallagher Doherty Kennedy Lynch Murray Quinn Moore McLoughlin Connolly Daly Nolan Brennan Burke Campbell Clarke Hughes Farrell Fitzgerald Maguire McDonald Stewart MacDonald Fraser Ross Cameron Sinclair Ward McDonagh Joyce Cassidy Delaney Rafferty O'Brien O'Connor O'Neill O'Reilly O'Sullivan O'Donnell McGrath McKenna McGuinness Keane Duffy Sweeney Boyle"),
 "muslim": W("Khan Ahmed Hussain Ali Begum Akhtar Miah Rahman Mahmood Malik Shah Uddin Iqbal Mohammed Bibi Islam Choudhury Hussein Mirza Sheikh Butt Javed Rashid Aziz Kauser Akram Raja Parveen Saleem Chaudhry Khatun Sultana Alam Hoque Haque Hassan Ashraf Siddique Qureshi Bashir Nawaz Anwar Riaz Arshad Zaman Hamid Latif Yasin Rafiq Rehman Karim Ullah Sadiq Yousaf Mughal Rahmani Afzal Aslam Khalid Farooq Shafiq Tariq Younis Ansari Bhatti Gul Noor Mahmud Kabir Jamil"),
 "sikh": W("Singh Gill Sandhu Dhillon Sidhu Grewal Dhaliwal Sahota Bains Johal Atwal Sangha Bhogal Virk Mann Rai Purewal Uppal Kang Sohal Bhamra Chahal Randhawa Hundal Cheema Basra Kalsi Matharu"),
 "hindu": W("Patel Sharma Shah Kumar Gupta Desai Mistry Parmar Joshi Mehta Solanki Chauhan Rao Reddy Nair Pillai Thomas Varghese George Iyer Das Verma Agarwal Jain Bhatt Modi Lad Vaghela Rathod Naidu Menon Kurian Gurung Thapa Rai Limbu Perera Fernando Sivakumar"),
 "arab": W("Ahmed Ali Hassan Ibrahim Mohamed Al-Hassan Haddad Khalil Saleh Mansour Nasser Al-Masri Hamdan Aziz Karim Rashid Al-Ahmad Darwish Qasim Abbas Jaber Mustafa Aziz Najjar Hamid Suleiman Rahimi Ahmadi Hosseini Karimi Noori Hashemi Kareem Othman Salih Omar Barzani Amini Haidari Sultani"),
 "somali": W("Ali Mohamed Hassan Ahmed Abdi Yusuf Warsame Farah Jama Omar Osman Ibrahim Hussein Nur Adan Aden Abdullahi Ismail Elmi Dirie Hersi Guled Isse Mohamud Abukar Sheikh Shire Duale Egal"),
 "chinese": W("Chen Wong Li Lee Zhang Wang Chan Lin Liu Cheung Lam Ho Leung Ng Yang Huang Tang Tsang Lau Cheng Wu Zhao Xu Kwok Yip Nguyen Tran Pham"),
 "african": W("Adeyemi Okafor Mensah Boateng Moyo Ncube Owusu Asante Ogunleye Eze Okeke Nwosu Okonkwo Balogun Osei Appiah Sithole Dube Ndlovu Mutasa Chikwanha Chukwu Obi Ibrahim Bello Lawal Sesay Kamara Conteh Jallow Ceesay Kabongo Mbala Tesfaye Haile Wanjiru Kamau Otieno Mwangi Nakato Banda Phiri"),
}
SURNAME["african"] += [a + b for a in W("Ade Ola Olu Ayo Ogun Oye Oyin Awo Fa Ak") for b in W("bayo wale mola yinka dele tunde sanya niyi bisi jide soji wole bode biyi leke toye")]
SURNAME["east"] = W("Popescu Ionescu Popa Stan Radu Dumitru Stoica Gheorghe Matei Ciobanu Rusu Munteanu Stănescu Lăcătuș Kazlauskas Petrauskas Jankauskas Stankevičius Balčiūnas Kovács Horváth Novák Dvořák Lakatoš Baláž Ivanov Petrov Dimitrov Georgiev Bērziņš Kalniņš Ozols Kovalenko Shevchenko Bondarenko Tkachenko Melnyk Boyko") \
  + [a + b for a in W("Gav Mold Ard Munt Cost Bog Sand Vas Cris Flor Ung Lup Neag Pet Mar Iv Dan Niculesc Barb Opre") for b in W("escu anu ea aru eanu ovici")]
POLISH_STEM = W("Kowal Wiśniew Lewandow Kamiń Zieliń Szymań Kozłow Jankow Mazur Krawcz Piotrow Grabow Pawłow Michal Nowakow Adam Dudziń Wieczor Jabłoń Wróblew Majew Olszew Stępień Malinow Jawor Witkow Walczew Sikor Rutkow Baran Ostrow Szczepań Borkow Sadow Laskow Czarnec")
SURNAME["polish"] = W("Nowak Wójcik Woźniak Mazur Krawczyk Kaczmarek Zając Król Wieczorek Dudek Stępień Pawlak Sikora Walczak Baran Szewczyk Pietrzak Duda Bąk Włodarczyk") + [s + "ski" for s in POLISH_STEM] + [s + "czyk" for s in POLISH_STEM[:20]]
SURNAME["eng"] = COMMON
RARE = random.Random(7).sample(_rare := sorted({h + t for h in HEADS for t in TAILS if h[-1].lower() != t[0]} - set(COMMON)), len(_rare))
TAIL_GIVEN: dict[str, list[str]] = {}  # rare English given names, in any spelling
HYPHEN = {"f": (W("Lily Ava Ellie Gracie Amelia Isla Lacey Evie Ella Millie Daisy Poppy Maisie Olivia Layla Summer Ruby Bella Lexi Tilly"), W("Mae Rose Grace May Leigh Louise Rae Jane Marie Ann")),
          "m": (W("Alfie Tommy Bobby Charlie Riley Archie Teddy Jack Oliver Noah Leo Harley Jayden Tyler Kai"), W("James Lee John Jay George Jack Ray Joe"))}
MUM_NAME = {"muslim": W("Begum Bibi Akhtar Kauser Khatun Parveen Begum Sultana"), "sikh": ["Kaur"]}

VARIANT: dict[str, list[str]] = defaultdict(list)
for _row in """Mohammed Muhammad Mohammad Mohamed Muhammed Mohamad Md|Aisha Ayesha Aysha Aishah Aicha|Yusuf Youssef Yousuf Yousef Yusef|Hussain Hussein Husain Hossain|Ahmed Ahmad Ahmet
Fatima Fatimah Fatema Fathima|Zainab Zaynab Zeinab Zaineb|Khadija Khadijah Khadeeja|Maryam Mariam Mariyam Maryan|Ibrahim Ebrahim Ibraheem Ibrahem|Ismail Ismaeel Ismaail Esmail|Hassan Hasan|Umar Omar Omer|Isa Eesa Essa
Musa Moosa Mousa|Usman Osman Uthman Othman|Abdullah Abdulla Abdallah|Zakariya Zakaria Zakariyya|Aaliyah Aliyah Aleeyah Aliya|Sumayyah Sumaya Sumaiya|Khalid Khaled Kalid|Noor Nour Nur|Rahman Rehman Rahmaan|Layla Leila Laila Leyla
Choudhury Chowdhury Chaudhry Choudhry|Sheikh Shaikh Sheik|Uddin Udin Ud-Din|Miah Mia Miya|Begum Begom Begam|Siddique Siddiqui Siddiq|Karim Kareem|Tariq Tarek Tarik|Amina Aminah Ameena|Mahmood Mahmoud Mehmood Mahmud|Yasmin Yasmeen Jasmin
Catherine Katherine Kathryn Catharine|Stephen Steven|Sean Shaun Shawn|Callum Calum|Isobel Isabel Isabelle|Lily Lilly Lillie|Matthew Mathew|Zachary Zackary Zakary|Niamh Neve Neamh|Sarah Sara|Sophie Sofie|Sophia Sofia|Amy Aimee Ami|Chloe Khloe Cloe
Nicola Nichola|Rebecca Rebekah|Rachel Rachael|Claire Clare Clair|Louise Louisa|Jamie Jaime|Caitlin Kaitlin Katelyn Kaitlyn|Megan Meghan|Harley Harlee|Jayden Jaiden Jaydon|Kayden Kaiden|Finley Finlay|Alisha Alesha Alicia|Ellis Elis|Elliot Elliott Eliot
Tommy Tommie|Maisie Maisey Maizie|Gracie Gracey|Mollie Molly|Abbie Abby Abi|Aleksander Alexander Aleksandr Oleksandr|Aleksandra Alexandra|Jakub Jacob|Mateusz Matheus|Wiktoria Viktoria Victoria|Zofia Sofia|Kacper Kasper|Wiktor Viktor Victor|Filip Philip
Clarke Clark Clerk|Thompson Thomson Tompson|Davies Davis|Phillips Philips Phillip|Reid Read Reed|Brown Browne|Rogers Rodgers|Stevens Stephens|Stevenson Stephenson|MacDonald McDonald Macdonald|Elliott Elliot Eliot|Wright Right|Nicholls Nichols Nicholas
Pearce Pierce|Gray Grey|Harrison Harison|Bailey Bayley Baillie|Brookes Brooks|Watts Watt|Lee Leigh|Lewis Louis|O'Brien OBrien O'Brian|O'Connor OConnor O'Conner|O'Neill O'Neil ONeill|O'Sullivan OSullivan|O'Reilly OReilly O'Riley|Byrne Burn Byrnes
Conor Connor|Liam Lyam|Aoife Eefa|Ciara Keira Kiera|Siobhan Shivaun|Caoimhe Keeva|Oluwaseun Seun|Adeyemi Adeyemo|Owusu Owosu|Mensah Mensa|Simran Simren|Gill Gil|Singh Sing|Dhillon Dhilon|Patel Patell|Al-Hassan Alhassan|Al-Masri Almasri|Al-Ahmad Alahmad|Suleiman Sulaiman Soliman""".replace("\n", "|").split("|"):
    for _n in _row.split():
        VARIANT[_n] += [m for m in _row.split() if m != _n]
for _s in "mf":
    _all = set(GIVEN["eng"][_s == "f"] + GIVEN["irish"][_s == "f"] + OLD[_s])
    TAIL_GIVEN[_s] = sorted(_all | {v for n in GIVEN["eng"][_s == "f"] for v in VARIANT[n]})
NICK = {r.split()[0]: r.split()[1:] for r in """Oliver Ollie Olly|William Will Billy Liam|Thomas Tom Tommy|Joshua Josh|James Jim Jamie|Joseph Joe Joey|Samuel Sam Sammy|Daniel Dan Danny|Edward Ed Eddie Ted|Benjamin Ben Benji|Alexander Alex Xander|Matthew Matt Matty|Nathan Nate
Michael Mike Mikey|David Dave Davey|Robert Rob Bobby|Christopher Chris|Jonathan Jon Jonny|Nicholas Nick|Anthony Tony|Stephen Steve|Peter Pete|Zachary Zac Zak|Theodore Theo Teddy|Frederick Freddie Fred|Sebastian Seb|Jacob Jake|Harrison Harry|Henry Harry|Cameron Cam
Charlie Chaz|Archie Arch|Arthur Artie|Jackson Jack|Gabriel Gabe|Dominic Dom|Patrick Paddy Pat|Tobias Toby|Nathaniel Nate Nathan|Elijah Eli|Leon Leo|Lucas Luke|Andrew Andy Drew|Richard Rich Ricky|Gregory Greg|Timothy Tim|Albert Bertie Albie|Ronnie Ron|Reuben Ben
Olivia Liv Livvy|Amelia Millie Mia|Isabella Bella Izzy|Isabelle Izzy Belle|Sophia Soph|Sophie Soph|Emily Em Emmie|Charlotte Lottie Charlie|Jessica Jess Jessie|Elizabeth Liz Lizzie Beth Eliza|Eleanor Ellie Nell|Abigail Abi Abbie|Katherine Kate Katie|Catherine Cath Katie
Alexandra Alex Lexi|Victoria Vicky Tori|Samantha Sam|Rebecca Becky Becca|Rachel Rach|Bethany Beth|Matilda Tilly Mattie|Penelope Penny|Florence Flo Florrie|Evelyn Evie|Francesca Fran Frankie|Gabriella Gabby|Natalie Nat|Nicole Nikki|Megan Meg|Harriet Hattie|Beatrice Bea|Josephine Josie
Margaret Maggie Peggy|Georgia Georgie|Danielle Dani|Scarlett Scar|Rosie Rose|Phoebe Pheebs|Imogen Immy|Annabelle Anna Belle|Jennifer Jen Jenny|Stephanie Steph|Michelle Shell|Joanne Jo|Susan Sue|Kimberley Kim|Amanda Mandy|Deborah Deb Debbie|Patricia Pat|Leanne Lea|Kayleigh Kay|Jacqueline Jackie|Lindsey Linz
Aleksandra Ola|Katarzyna Kasia|Małgorzata Gosia|Zuzanna Zuza|Zofia Zosia|Agnieszka Aga|Joanna Asia|Magdalena Magda|Aleksander Olek|Jakub Kuba|Mikołaj Miki|Antoni Antek|Jan Janek|Tomasz Tomek|Stanisław Staś|Krzysztof Krzys|Wojciech Wojtek|Oluwaseun Seun|Temitope Temi|Oluwatobi Tobi|Ayomide Ayo|Chukwuemeka Emeka|Damilola Dami
Abdirahman Abdi|Abdullahi Abdi|Fatima Fati|Khadija Dija|Ibrahim Ibby|Mohammed Mo|Mohamed Mo|Yusuf Yusi|Gurpreet Guri|Harpreet Harry|Manpreet Mani|Jaspreet Jas|Alexandru Alex|Gabriela Gabi|Ștefan Stefi|Andreea Andra|Ioana Oana|Anastasia Nastya|Oleksandr Sasha""".replace("\n", "|").split("|")}
ASCII = str.maketrans("łŁśŚżźćńóęąńșțăâîŠšžčėēīūņčěřýáéíôŽŻŚĆŘČŁțȘȚūųļķģ", "lLsSzzcnoeanstaaiSszceeiunceryaeioZZSCRCLtSTuulkg")

TOWNS = W("Wexmoor Calderby Hollinsea Marfleet Thornwick Eastbeck Brantholme Saltersby Kingsferry Oxcombe Aldmere Penwick Staithe Hexcliffe Netherby Ravensey Ludbrook Fenmarsh Stokeley Winterholt Dunsby Cranmoor Millhaven Ottersea")
STREET_HEAD = W("Weir Mill Station Church High Park Victoria Albert Queens Kings Manor Green Elm Oak Ash Beech Cedar Chestnut Willow Hawthorn Maple Poplar Lime Birch Rowan Holly Laurel Orchard Meadow Bridge River Canal School Chapel Abbey Priory Vicarage Nelson Wellington Gladstone Cromwell York Lancaster Durham Lincoln Norfolk Windsor Balmoral Clarence Alma Byron Milton Tennyson Kestrel Heron Swallow Lark Falcon Foxglove Bluebell Primrose Quarry Foundry Tannery Market")
STREET_TYPE = [("Road", "Rd"), ("Street", "St"), ("Avenue", "Ave"), ("Close", "Cl"), ("Lane", "Ln"), ("Drive", "Dr"), ("Court", "Ct"), ("Crescent", "Cres"), ("Terrace", "Terr"), ("Way", "Way"), ("Gardens", "Gdns"), ("Grove", "Gr"), ("Place", "Pl")]
KEYS = {c: row[max(0, i - 1):i] + row[i + 1:i + 2] for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm") for i, c in enumerate(row)}
UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


class Kind(NamedTuple):
    """What one kind of agency records (coverage); q multiplies its error rates."""
    q: float; nhs: float; upn: float; addr: float; post: float; mother: float; father: float; sibs: float
    school: float; gp: float; ref: float; lo: float; hi: float; weight: float; word: str

KINDS = {
 "gp": Kind(.6, .97, 0, .97, .97, .42, .12, .10, .02, 0, .05, 0, 18, 9, "GP practice"),
 "hv": Kind(.8, .95, 0, .95, .95, .90, .40, .45, .02, .7, .25, 0, 5, 7, "health visiting"),
 "hospital": Kind(1, .93, 0, .92, .92, .55, .15, .06, .10, .7, .02, 0, 18, 5, "hospital"),
 "camhs": Kind(.9, .92, .02, .92, .92, .75, .40, .35, .7, .6, 0, 6, 18, 1.6, "CAMHS"),
 "nursery": Kind(1.2, .01, .10, .85, .80, .92, .40, .20, 0, .2, 0, 1.5, 4.9, 4, "nursery"),
 "primary": Kind(.8, .01, .96, .93, .90, .88, .50, .30, 0, .1, .05, 4.2, 11.5, 8, "school"),
 "secondary": Kind(.8, .01, .96, .93, .90, .85, .45, .25, 0, .1, .03, 11.2, 18, 8, "school"),
 "police": Kind(1.9, 0, 0, .90, .65, .50, .32, .35, .10, 0, .25, 0, 18, 3, "police"),
 "housing": Kind(1.7, 0, 0, .99, .92, .85, .35, .60, 0, 0, .8, 0, 18, 2.2, "housing"),
 "social_care": Kind(1, .45, .30, .95, .90, .90, .55, .70, .45, .3, .6, 0, 18, 3.2, "children's social care"),
 "early_help": Kind(1.3, .15, .2, .9, .85, .88, .45, .60, .45, .2, .6, 0, 18, 2.6, "early help"),
 "youth_justice": Kind(1.2, .08, .2, .92, .85, .7, .4, .3, .5, .1, 0, 10.5, 18, .5, "youth justice"),
 "charity": Kind(1.8, .01, 0, .75, .6, .85, .2, .5, .2, .05, .4, 0, 18, .6, "domestic abuse service"),
}
EVENTS = {"gp": ["Seen with cough, no concerns.", "Immunisation given."], "hv": ["Home visit, development on track.", "No access to visit, card left."], "hospital": ["Attended emergency department, minor injury.", "Was not brought to clinic."],
  "camhs": ["Assessment offered."], "nursery": ["Settling in well."], "primary": ["Attendance below 90 per cent, letter sent.", "Certificate in assembly."], "secondary": ["Late to lessons, parent telephoned.", "Suspended for one day."],
  "police": ["Call-out to the address, child seen safe and well.", "Reported missing, returned the same evening."], "housing": ["Rent arrears letter.", "Repair reported, damp in bedroom."], "social_care": ["Referral received.", "Visit, child seen alone."],
  "early_help": ["Team around the family meeting."], "youth_justice": ["Appointment kept."], "charity": ["Support session with mother."]}


@dataclass(slots=True, eq=False)
class Address:
    number: str; street: str; abbr: str; town: str; postcode: str; flat: str = ""; shared: bool = False

@dataclass(slots=True, eq=False)
class Adult:
    given: str; family: str; sex: str; born: date; heritage: str; nhs: str; also: list[str] = field(default_factory=list)

Stay = tuple[Address, date, Optional[date]]

@dataclass(slots=True, eq=False)
class Home:
    mother: Adult; stays: list[Stay]; town: str; likes: dict[str, float]; partner: Optional[Adult] = None; children: list["Child"] = field(default_factory=list)

@dataclass(slots=True, eq=False)
class Child:
    id: str; given: str; middle: str; family: str; sex: str; born: date; due: Optional[date]; nhs: str; upn: str; mother: Adult; father: Optional[Adult]
    home: Home; others: list[str]; nick: str = ""; by_middle: bool = False; compound: bool = False; unborn: bool = False; hard: bool = False; kin_name: bool = False
    twin: Optional["Child"] = None; dead: Optional[date] = None; carer: Optional[Adult] = None; care_home: Optional[Address] = None; dad_home: Optional[Address] = None
    school: dict[str, str] = field(default_factory=dict); lm: bool = False; lf: int = 0; ids: dict[str, str] = field(default_factory=dict)


def zipf(c: float, n: int) -> list[float]:
    out, total = [], 0.0
    for i in range(n):
        total += 1 / (i + c)
        out.append(total)
    return out

def plain(s: str) -> str:
    return s.translate(ASCII)

def years(d: date, end: date = NOW) -> float:
    return (end - d).days / 365.25


class County:
    def __init__(self, submissions: int, seed: int, errors: float, twins: Optional[int]) -> None:
        self.rng = random.Random(seed); self.r = self.rng.random
        self.k = errors / 100; self.target = submissions; self.twins_wanted = twins
        size = max(60, (submissions or 11 * (twins or 0)) / 4.4)
        self.lines: list[str] = []; self.truth: dict[str, str] = {}; self.children: list[Child] = []; self.twin_pairs: list[list[str]] = []
        self.unborn: list[str] = []; self.unknowable: list[list[str]] = []; self.weak_records: list[tuple[str, Child]] = []
        self.counter: Counter[str] = Counter(); self.used: set[str] = set(); self.houses: list[Address] = []; self.cums: dict[tuple[float, int], list[float]] = {}
        self.stats: Counter[str] = Counter()
        self.towns = TOWNS[:max(2, min(len(TOWNS), int(size / 1500) + 2))]
        self.streets: dict[str, list[tuple[str, str, str]]] = {}; self.agencies: dict[str, dict[str, list[str]]] = {}
        for n, town in enumerate(self.towns):
            per = int(size / len(self.towns)) + 1
            rows = [(f"{h} {t}", f"{h} {a}", f"ZZ{n + 1} {self.rng.randint(1, 9)}") for h in STREET_HEAD for t, a in STREET_TYPE]
            self.streets[town] = self.rng.sample(rows, min(len(rows), per // 14 + 6))
            heads = self.rng.sample(STREET_HEAD, 40)
            self.agencies[town] = {
                "primary": [f"{h} {t}" for h, t in zip(heads, W("Primary~School CE~Primary Community~Primary Infant~and~Junior RC~Primary Academy") * 9)][:max(2, per // 230)],
                "secondary": [f"{town} {t}" for t in W("Academy High~School Community~College Grammar~School")][:max(1, per // 900)],
                "nursery": [f"{h} Nursery" for h in heads[20:]][:max(1, per // 400)],
                "gp": [f"{h} {t}" for h, t in zip(heads[10:], W("Surgery Medical~Centre Health~Centre Practice") * 9)][:max(2, per // 700)],
                "housing": ["North Housing", "South Homes", "Borough Council Housing"][n % 3:n % 3 + 1], "hospital": [["Wexmoor Infirmary", "Calder General", "Royal Ottersea"][n * 3 // len(self.towns)]]}
        self.shelters = [Address("", name, name, self.rng.choice(self.towns), f"ZZ{self.rng.randint(1, 20)} {self.rng.randint(1, 9)}{self.letters()}", shared=True)
                         for name in ("Haven House", "The Lodge Family Hostel", "Beacon Refuge", "Cedar Family Centre", "St Jude's Hostel", "Travelstay Hotel")[:max(1, min(6, int(size // 1500)))]]
        self.blocks = [(f"{h} {t}", tn, f"ZZ{self.rng.randint(1, 24)} {self.rng.randint(1, 9)}{self.letters()}") for tn in self.towns for h, t in zip(self.rng.sample(STREET_HEAD, 30), ["Court", "House", "Point"] * 10)][:max(4, int(size // 150))]
        self.style = lambda agency: random.Random(f"{seed}{agency}")  # each agency has constant habits
        self.styles: dict[str, tuple[float, float, float, float]] = {}

    # ------------------------------------------------------------ identifiers, addresses, names
    def letters(self) -> str:
        return self.rng.choice("ABDEFGHJLNPQRSTUWXYZ") + self.rng.choice("ABDEFGHJLNPQRSTUWXYZ")

    def rank(self, items: list[str], c: float) -> str:
        cum = self.cums.get((c, len(items))) or self.cums.setdefault((c, len(items)), zipf(c, len(items)))
        return items[min(bisect(cum, self.r() * cum[-1]), len(items) - 1)]

    def nhs(self) -> str:
        while True:
            base = f"999{self.rng.randrange(1, 10 ** 6):06d}"
            c = (11 - sum(int(d) * w for d, w in zip(base, range(10, 1, -1))) % 11) % 11
            if c < 10 and base not in self.used:
                self.used.add(base)
                return f"{base}{c}"

    def new_upn(self, school: str, born: date, temporary: bool = False) -> str:
        code = 2000 + sum(map(ord, school)) * 7 % 4000
        year = (born.year + 4 + (born.month > 8)) % 100
        self.counter[f"upn{code}{year}"] += 1
        n = self.counter[f"upn{code}{year}"] % 1000
        body = f"990{code}{year:02d}{n:03d}"
        last = UPN_LETTERS[n % 23] if temporary else None
        body = body[:-1] + last if last else body
        return UPN_LETTERS[sum((UPN_LETTERS.index(ch) if ch.isalpha() else int(ch)) * w for ch, w in zip(body, range(2, 14))) % 23] + body

    def address(self, town: str, street: Optional[str] = None) -> Address:
        x = self.r()
        if x < .02 and not street and self.houses:
            return self.rng.choice(self.houses)                         # another family lived there before
        if x < .12 and not street:
            name, tn, code = self.rng.choice(self.blocks)
            a = Address("", name, name.replace("Court", "Ct").replace("House", "Hse"), tn, code, flat=f"Flat {self.rng.randint(1, 90)}")
        else:
            st = next((s for s in self.streets[town] if s[0] == street), None) or self.rng.choice(self.streets[town])
            n = self.rng.randint(1, 140)
            unit = random.Random(f"{st[0]}{town}{n // 30}")
            a = Address(str(n) + (self.rng.choice("abc") if self.r() < .03 else ""), st[0], st[1], town, st[2] + unit.choice("ABDEFGHJLN") + unit.choice("PQRSTUWXYZ"), flat=f"Flat {self.rng.randint(1, 4)}" if self.r() < .06 else "")
        if len(self.houses) < 5000:
            self.houses.append(a)
        return a

    def given(self, heritage: str, sex: str, adult: bool = False) -> str:
        if adult and heritage == "eng":
            return self.rank(OLD[sex] if self.r() < .68 else GIVEN["eng"][sex == "f"], 6)
        if heritage == "eng" and self.r() < .06:
            a, b = HYPHEN[sex]
            return f"{self.rank(a, 6)}-{self.rank(b, 3)}"
        if heritage == "eng" and not adult and self.r() < .18:
            return self.rng.choice(TAIL_GIVEN[sex])
        return self.rank(GIVEN[heritage][sex == "f"], 30 if heritage == "eng" else 6 if heritage != "muslim" else 3)

    def surname(self, heritage: str, sex: str = "m") -> str:
        if heritage == "eng" and self.r() < .67:
            return self.rank(RARE, 900)
        name = self.rank(SURNAME[heritage], {"eng": 12, "muslim": 4, "sikh": 3, "hindu": 1.5}.get(heritage, 8))
        return name[:-1] + "a" if heritage == "polish" and sex == "f" and name.endswith("ski") else name

    def adult(self, heritage: str, sex: str, born: date, family: str = "") -> Adult:
        given = self.given(heritage, sex, True)
        if heritage == "muslim" and sex == "m" and given == "Mohammed":
            given += " " + self.given(heritage, sex)
        return Adult(given, family or self.surname(heritage, sex), sex, born, heritage, self.nhs() if sex == "f" else "")

    # ------------------------------------------------------------ families
    def make_home(self, heritage: str, father: Optional[Adult] = None, force: Optional[dict[str, Any]] = None, want_twin: bool = False, few: bool = False) -> tuple[Home, list[Home]]:
        r, rng, f = self.r, self.rng, force or {}
        heritage_f = heritage if r() < .9 else rng.choices(HERITAGE, HERITAGE_WEIGHT)[0]
        n = 1 + bisect([.37, .75, .91, .97, .99], r()) if not few else 1 + (r() < .4)
        first = f.get("born") or NOW - timedelta(days=int(365.25 * (18 * r() ** .9 - .35)))
        born_m = first - timedelta(days=int(365.25 * min(44, max(15.5, rng.gauss(27, 5.5)))))
        lone = f.get("family", "")
        mother = self.adult(heritage, "f", born_m, f.get("mother_family") or (lone if r() < .4 else ""))
        if f.get("mother_given"):
            mother.given = f["mother_given"]
        if not f.get("mother_family") and r() < .5 and heritage in MUM_NAME:
            mother.also.append(mother.family); mother.family = rng.choice(MUM_NAME[heritage])
        dad = father or (self.adult(heritage_f, "m", born_m - timedelta(days=int(rng.gauss(900, 1300))), lone) if r() < .96 else None)
        town = f.get("town") or rng.choice(self.towns)
        if dad and r() < .45 and heritage not in ("muslim", "somali", "arab", "sikh") and not f.get("mother_family"):
            mother.also.append(mother.family)
            mother.family = dad.family[:-1] + "a" if heritage == "polish" and dad.family.endswith("ski") else dad.family
        start = first - timedelta(days=rng.randint(200, 1500))
        cuts = sorted(start + timedelta(days=rng.randrange(max(1, (NOW - start).days))) for _ in range(bisect([.5, .8, .93, .98], r())))
        stays: list[Stay] = []
        for i, a in enumerate([start] + cuts):
            if i and r() < .07:                                             # some months in a hostel or refuge first
                mid = a + timedelta(days=rng.randint(25, 240))
                if mid < (cuts[i] if i < len(cuts) else NOW):
                    stays.append((rng.choice(self.shelters), a, mid)); a = mid
            elif i and i == len(cuts) and years(a) < 1 and r() < .1:
                stays.append((rng.choice(self.shelters), a, None)); continue
            place = f["address"] if i == 0 and "address" in f else self.address(town if i == 0 or r() < .8 else rng.choice(self.towns), f.get("street") if i == 0 else None)
            stays.append((place, a, cuts[i] if i < len(cuts) else None))
        home = Home(mother, stays, town, {kd: rng.lognormvariate(0, .8) for kd in KINDS})
        extra: list[Home] = []
        when, switch, named, i = first, False, set(), 0
        twin_at = rng.randrange(n) if want_twin else -1
        while i < n and (when <= NOW + timedelta(days=170) or not home.children):
            if i and not father and r() < .14:
                dad, switch = self.adult(heritage_f, "m", born_m - timedelta(days=int(rng.gauss(900, 1500)))), True
            natural = self.twins_wanted is None and r() < .015
            kid = self.child(home, dad, when, heritage if r() < .6 or not dad else dad.heritage, named, f if i == 0 else {})
            if natural or i == twin_at or (want_twin and i == n - 1 and not any(c.twin for c in home.children)):
                self.twin_of(kid, named)
            gap = int(365.25 * (max(.82, rng.lognormvariate(1, .5))) if r() > .03 else rng.randint(290, 330))
            near = when.replace(year=when.year + max(1, round(gap / 365)), day=min(28, when.day)) + timedelta(days=rng.randint(-3, 3))
            when = near if r() < .03 else when + timedelta(days=gap)        # some siblings have birthdays a few days apart
            i += 1
            if years(born_m, when) > 46:
                break
        if want_twin and not any(c.twin for c in home.children):
            self.twin_of(home.children[-1], named)
        kids = home.children
        if (switch or r() < .12) and r() < .6:
            home.partner = self.adult(heritage_f, "m", born_m - timedelta(days=rng.randint(-2000, 3000)))
            for c in kids:
                if r() < .3:
                    c.others.append(home.partner.family)
        if dad and not father and r() < .07 and not few:                # the father's other home, with half-siblings
            other = self.make_home(heritage_f, dad, {"born": kids[0].born + timedelta(days=rng.choice([40, 90, 200, 700, 1500, -600, -1500]))} if kids[0].born < date(2022, 1, 1) else None, few=True)[0]
            extra.append(other)
            for c in kids:
                if c.father is dad and r() < .35:
                    c.dad_home = other.stays[-1][0]
            if r() < .03 and other.children[0].sex == kids[0].sex and not kids[0].unborn and not other.children[0].unborn:
                other.children[0].given = kids[0].given; other.children[0].nick = ""
                other.children[0].kin_name = kids[0].kin_name = True; self.stats["named after a half-sibling"] += 1
        elif dad and r() < .06 and all(c.father is dad for c in kids):
            there = self.address(town)
            for c in kids:
                c.dad_home = there
        if dad and not father and not f and not few and r() < (.14 if heritage in ("muslim", "somali", "irish", "sikh", "arab", "east") else .04):  # cousins, near or in one house
            a = stays[0][0]
            g: dict[str, Any] = {"family": dad.family, "town": town}
            g.update({"address": a} if r() < .3 else {"street": a.street} if r() < .6 else {})
            extra.append(self.make_home(heritage, None, g, few=True)[0]); self.stats["cousin homes"] += 1
        if r() < .03:                                                       # children looked after by others
            kin = r() < .5
            for c in kids:
                if not c.unborn:
                    c.carer = c.carer or self.adult(heritage, "f", born_m - timedelta(days=int(rng.gauss(8500, 1500))), mother.also[0] if kin and mother.also else "")
                    c.care_home = self.address(rng.choice(self.towns))
                    for d in kids if r() < .7 else []:
                        if not d.unborn and d.carer is None:
                            d.carer, d.care_home = c.carer, c.care_home
        if r() < .005 and len(kids) > 1 and not kids[0].twin and not kids[0].unborn and not kids[1].unborn and kids[1].born > kids[0].born:
            kids[0].dead = kids[0].born + timedelta(days=rng.randrange(max(1, (kids[1].born - kids[0].born).days)))
            if r() < .4 and kids[1].sex == kids[0].sex and not kids[1].twin:
                kids[1].given = kids[0].given; kids[1].kin_name = kids[0].kin_name = True; self.stats["named after a dead sibling"] += 1
        return home, extra

    def child(self, home: Home, dad: Optional[Adult], born: date, heritage: str, named: set[str], f: dict[str, Any]) -> Child:
        r, rng, mother = self.r, self.rng, home.mother
        sex = f.get("sex") or ("m" if r() < .512 else "f")
        for _ in range(30):
            given = self.given(heritage, sex)
            if given not in named and not set(NICK.get(given, []) + VARIANT[given]) & named:
                break
        named.add(given)
        middle = self.given(heritage, sex) if r() < .72 and heritage not in ("chinese",) else ""
        compound = given == "Mohammed" and r() < .8 or (heritage == "muslim" and sex == "m" and r() < .2)
        if compound:
            middle = next(m for m in iter(lambda: self.given(heritage, sex), None) if m != given and m not in named)
            given = "Mohammed"; named.add(middle)
        if middle == given:
            middle = ""
        if heritage == "sikh" and r() < .7:
            middle = "Singh" if sex == "m" else "Kaur"
        mum = mother.also[-1] if mother.family in ("Begum", "Bibi", "Akhtar", "Kauser", "Khatun", "Parveen", "Sultana", "Kaur") and mother.also else mother.family
        older = next((c for c in home.children if c.father is dad), None)
        x = r()
        family = older.family if older else mum if not dad or x < .24 else f"{mum}-{dad.family}" if x < .32 and mum != dad.family and len(mum + dad.family) < 22 and "-" not in mum + dad.family else dad.family
        if heritage == "somali" and dad and not older:
            family = dad.given if r() < .3 else dad.family
        if family.endswith("ski") and sex == "f":
            family = family[:-1] + "a"
        elif family.endswith("ska") and sex == "m":
            family = family[:-1] + "i"
        given, family, middle = f.get("given") or given, f.get("family_child") or family, f.get("middle", middle)
        if f.get("given"):
            compound = False
        self.counter["child"] += 1
        alt = {mum, mother.family, *(mother.also[:1]), *([dad.family] if dad else [])} - {family}
        c = Child(f"c{self.counter['child']:06d}", given, middle, family, sex, born, None, self.nhs(), "", mother, dad, home, sorted(alt), compound=compound)
        c.by_middle = bool(middle) and middle not in ("Singh", "Kaur") and r() < (.5 if compound else .04)
        if given in NICK and r() < .3:
            c.nick = rng.choice(NICK[given])
            c.nick = "" if c.nick in named else c.nick
            named.add(c.nick or given)
        c.unborn = born > NOW
        if c.unborn or (years(born) < 6 and r() < .14):
            c.due = born + timedelta(days=int(rng.gauss(2, 9)))
            c.due = max(c.due, NOW + timedelta(days=2)) if c.unborn else c.due
        c.hard = bool(f.get("hard"))
        for kind, lo in (("primary", 4), ("secondary", 11), ("nursery", 2)):
            opts = self.agencies[home.town][kind]
            same = next((d.school[kind] for d in home.children if kind in d.school), None)
            c.school[kind] = f.get("school", {}).get(kind) or (same if same and r() < .85 else rng.choice(opts))
        c.upn = self.new_upn(c.school["primary"], born) if years(born) > 3.5 else ""
        same = next((d.school["gp"] for d in home.children), None)
        c.school["gp"] = same if same and r() < .95 else rng.choice(self.agencies[home.town]["gp"])
        home.children.append(c); self.children.append(c)
        return c

    def twin_of(self, a: Child, named: set[str]) -> None:
        r = self.r
        b = self.child(a.home, a.father, a.born, a.home.mother.heritage, named, {"sex": a.sex if r() < .66 else None})
        if a.sex == b.sex and not b.compound and a.family == b.family and r() < .3:       # alike-named
            for _ in range(200):
                g = self.given(a.home.mother.heritage, a.sex)
                if g[:2] == a.given[:2] and g not in named and g not in VARIANT[a.given] and g not in NICK.get(a.given, []) and a.given not in NICK.get(g, []):
                    b.given = g; b.nick = ""
                    break
        a.twin, b.twin, b.due, b.unborn = b, a, a.due, a.unborn
        b.school = dict(a.school)
        if a.compound and b.compound:
            b.by_middle = a.by_middle = True
        self.twin_pairs.append([a.id, b.id]); self.stats["twins"] += 1

    def extended_family(self, want_twin: bool) -> list[Home]:
        r, rng, x = self.r, self.rng, self.r()
        heritage = rng.choices(HERITAGE, HERITAGE_WEIGHT)[0]
        if x < .006 and len(self.children) > 50 and not want_twin:         # a namesake elsewhere in the county
            o = rng.choice(self.children)
            if not o.unborn and not o.dead and not o.compound:
                y = r()
                born = o.born + timedelta(days=rng.choice([-9, -4, -1, 1, 3, 7, 10, 14]) if y < .3 else rng.randint(15, 300) * rng.choice([1, -1]) if y < .6 else rng.randint(300, 2500) * rng.choice([1, -1]))
                if date(2007, 9, 1) < born < NOW - timedelta(days=40):
                    g = {"given": o.given, "family": o.family.split("-")[0], "family_child": o.family, "sex": o.sex, "born": born, "hard": True}
                    g.update({"school": o.school, "town": o.home.town} if r() < .25 else {"street": o.home.stays[0][0].street, "town": o.home.town} if r() < .2 else {})
                    o.hard = True; self.stats["planted namesakes"] += 1
                    home, extra = self.make_home(o.mother.heritage, None, g, few=True)
                    return [home] + extra
        if .006 <= x < .0067 and not want_twin:                            # two mothers with the same name, due days or weeks apart
            a = self.make_home(heritage, None, {"born": NOW - timedelta(days=rng.randint(-150, 600)), "hard": True}, few=True)[0]
            c = a.children[0]
            c.due = c.due or c.born + timedelta(days=rng.randint(-9, 9))
            b = self.make_home(heritage, None, {"born": c.born + timedelta(days=rng.randint(3, 25)), "hard": True, "mother_given": a.mother.given, "mother_family": a.mother.family}, few=True)[0]
            d = b.children[0]
            d.due = d.due or d.born + timedelta(days=rng.randint(-5, 9))
            self.stats["two mothers of one name"] += 1
            return [a, b]
        home, extra = self.make_home(heritage, want_twin=want_twin)
        return [home] + extra

    # ------------------------------------------------------------ errors
    def error_occurs(self, p: float, q: float = 1) -> bool:
        return self.r() < min(.9, p * q * self.k)

    def add_typo(self, s: str) -> str:
        if len(s) < 3:
            return s
        i, x = self.rng.randrange(1, len(s)), self.r()
        if x < .3 and i + 1 < len(s):
            return s[:i] + s[i + 1] + s[i] + s[i + 2:]
        if x < .55:
            return s[:i] + s[i + 1:]
        if x < .75:
            return s[:i] + s[i] + s[i:]
        return s[:i] + self.rng.choice(KEYS.get(s[i].lower(), "aeio")) + s[i + 1:]

    def respell(self, s: str, q: float, variant: float = .06, slip: float = .014) -> str:
        out = " ".join(self.rng.choice(VARIANT[p]) if p in VARIANT and VARIANT[p] and self.error_occurs(variant, q) else p for p in s.split(" "))
        if not out.isascii() and self.r() < .6:
            out = plain(out)
        return self.add_typo(out) if self.error_occurs(slip, q) else out

    def bad_digit(self, s: str, lo: int) -> str:
        i = self.rng.randrange(lo, len(s))
        if self.r() < .35 and i + 1 < len(s) and s[i] != s[i + 1]:
            return s[:i] + s[i + 1] + s[i] + s[i + 2:]
        return s[:i] + self.rng.choice([d for d in "0123456789" if d != s[i]]) + s[i + 1:]

    def day(self, d: date, style: float) -> str:
        return d.isoformat() if style < .7 or self.r() < .05 else d.strftime("%d/%m/%Y") if style < .92 else f"{d.day} {d.strftime('%B %Y')}"

    def birth(self, d: date, q: float) -> tuple[date, int]:
        """A recorded birth date and its quality: 2 correct, 1 with a recognisable error, 0 useless."""
        if d.day <= 12 and d.day != d.month and self.error_occurs(.02, q):
            return date(d.year, d.day, d.month), 1
        if self.error_occurs(.012, q):
            s = d.isoformat()
            for _ in range(20):
                i = self.rng.choice([3, 5, 6, 8, 9, 9])
                try:
                    t = date.fromisoformat(s[:i] + self.rng.choice("0123456789") + s[i + 1:])
                except ValueError:
                    continue
                if t != d and date(2005, 1, 1) < t <= NOW:
                    return t, 1
        if self.error_occurs(.007, q):
            t = d + timedelta(days=self.rng.choice([-365, 365, 366, -366, 731]))
            t = t.replace(month=d.month, day=min(d.day, 28))
            return (t, 1) if t <= NOW else (d, 2)
        return (date(d.year, 1, 1), 0) if self.error_occurs(.006, q) else (d, 2)

    def person(self, a: Adult, q: float) -> dict[str, Any]:
        """An adult as named in a child's record."""
        given = self.respell(a.given, q)
        if " " in given and self.r() < .4:
            given = given.split(" ")[self.r() < .5]
        if a.given in NICK and self.error_occurs(.14, q):
            given = self.rng.choice(NICK[a.given])
        fam = self.respell(self.rng.choice(a.also) if a.also and self.error_occurs(.14, q) else a.family, q)
        if self.error_occurs(.008, q):
            given, fam = fam, given
        out = {"given": given[0] if self.error_occurs(.01, q) else given, "family": fam}
        if self.error_occurs(.05, q):
            del out["family"]
        elif self.error_occurs(.012, q):
            out["given"] = self.rng.choice(["Mum", "Mother", "Ms"]) if a.sex == "f" else self.rng.choice(["Dad", "Father", "Mr"])
        return out

    def place(self, a: Address, q: float, k: Kind, st: float) -> Any:
        number = self.bad_digit(a.number, 0) if a.number.isdigit() and self.error_occurs(.007, q) else a.number
        street = a.abbr if self.error_occurs(.14, q) else self.add_typo(a.street) if self.error_occurs(.012, q) else a.street
        first = f"{number}{', ' if self.error_occurs(.06, q) else ' '}{street}".strip()
        parts = [p for p in ((a.flat.replace("Flat ", self.rng.choice(["Apt ", "F", "flat "])) if self.error_occurs(.12, q) else a.flat), first) if p]
        if a.flat and a.number and self.error_occurs(.1, q):
            parts = [f"{a.flat[5:]}/{first}"]
        if st < .6 or self.r() < .3:
            parts.append(a.town)
        post = a.postcode if self.r() < k.post and not self.error_occurs(.03, q) else ""
        if post and self.error_occurs(.006, q):
            post = post[:-1] + self.rng.choice("ABDEFGHJ")
        post = post.replace(" ", "") if self.error_occurs(.12, q) else post.lower() if self.error_occurs(.02, q) else post
        text = ", ".join(parts).upper() if st > .85 else ", ".join(parts)
        if st < .1:
            return f"{text}, {post}" if post else text
        out: dict[str, Any] = {"lines": parts if .1 <= st < .25 else text}
        if post:
            out["postcode"] = post
        return out

    def agency(self, c: Child, kind: str) -> str:
        slug = lambda s: s.lower().replace(" ", "-").replace("~", "-")
        town = c.home.town
        if kind in ("gp", "primary", "secondary", "nursery"):
            return f"{slug(town)}-{slug(c.school[kind])}"
        return slug(self.agencies[town][kind][0]) if kind in ("housing", "hospital") else "wexmoor-" + kind.replace("_", "-")

    def name(self, c: Child, kind: str, k: Kind, s: dict[str, Any], kin: list[Child]) -> tuple[float, float]:
        """Writes the child's name into s. Returns how well the given and the family name can be recognised."""
        r, rng, q = self.r, self.rng, k.q
        given, fam, middle, g, f = c.given, c.family, c.middle, 1.0, 1.0
        if kind == "hospital" and years(c.born) < 5 and self.error_occurs(.06) or kind == "hv" and self.error_occurs(.008):
            s["given"] = rng.choice(["Baby", "Baby girl" if c.sex == "f" else "Baby boy", f"Baby of {c.mother.given}"]) if not c.twin else f"Twin {1 + (c.id > c.twin.id)}"
            s["family"] = self.respell(c.mother.family, q)
            return 0, 1
        if "-" in fam and self.error_occurs(.28, q):
            a, b = fam.split("-", 1)
            fam = rng.choice([a, b, b, f"{a} {b}", f"{a} {b}", f"{b}-{a}"])
        elif c.others and self.error_occurs(.07, q):
            fam = rng.choice(c.others)
        if "-" in given and self.error_occurs(.3, q):
            given = rng.choice([given.split("-")[0], given.replace("-", " "), given.replace("-", " "), given.replace("-", "").capitalize()])
        first = given
        if c.compound and not (c.by_middle and self.error_occurs(.25, q)):
            given, middle = (f"{given} {middle}", "") if r() < .75 else (given, middle)
        elif c.by_middle and middle and self.error_occurs(.4, q):
            given, middle = middle, given if r() < .3 else ""
        elif c.nick and self.error_occurs(.3 if k.nhs < .5 else .06, q) or given in NICK and self.error_occurs(.012, q):
            given = c.nick or rng.choice(NICK[given])
        elif middle and self.error_occurs(.05, q):
            given, middle = f"{given} {middle}", ""
        given, fam = self.respell(given, q), self.respell(fam, q)
        if self.error_occurs(.004, q):
            given, g = given[0] + rng.choice(["", "."]), .5
        if any(d.given == c.given and d is not c for d in kin) and (given == first or given in VARIANT[first]) and not middle:
            g = .5
        if "-" in c.given and any(d is not c and d.given.split("-")[0] == given for d in kin):
            g = .5
        if any(given in (d.given, d.nick) and d is not c and d.given != c.given for d in kin):
            g = .5
        s["given"], s["family"] = given, fam
        if middle and r() < (.6 if k.nhs > .5 else .3):
            s["middle"] = middle if not self.error_occurs(.08) else middle[0]
        if self.error_occurs(.006 if c.mother.heritage in ("eng", "irish") else .018, q):
            s["given"], s["family"] = fam, given
        elif self.error_occurs(.006, q):
            s["given"] = f"{given} {fam}"; del s["family"]
        elif self.error_occurs(.004, q):
            del s["given"]; g = 0
        elif self.error_occurs(.004, q):
            del s["family"]; f = 0
        if c.others and r() < .04:
            s["names"] = [f"{c.given} {rng.choice(c.others)}" if r() < .5 else {"given": c.given, "family": rng.choice(c.others)}]
        nick = c.middle if c.by_middle else c.nick
        if nick and s.get("given") not in (nick, None) and r() < .45:
            s["known_as"] = [nick]
        return g, f

    def record(self, c: Child, kind: str, agency: str, rid: str, family_ref: str, kin: list[Child], other_kin: list[Child], unborn: bool) -> tuple[dict[str, Any], str, bool, list[Any]]:
        """One record: the subject, why it cannot be placed ('' when it can), whether it has little evidence, and the relations that it shows."""
        r, rng, k = self.r, self.rng, KINDS[kind]
        q = k.q
        if agency not in self.styles:
            st = self.style(agency); self.styles[agency] = (st.random(), st.random(), st.random(), st.random())
        st = self.styles[agency]
        end = c.dead or NOW
        lo, hi = c.born + timedelta(days=int(365.25 * k.lo)), min(end, c.born + timedelta(days=int(365.25 * k.hi)))
        seen = c.due - timedelta(days=rng.randint(20, 170)) if unborn and c.due else lo + timedelta(days=int(max(0, (hi - lo).days) * r() ** .6))
        seen = min(seen, NOW)
        s: dict[str, Any] = {"kind": "child", "id": rid} if st[1] < .8 else {"id": rid}
        links: list[Any] = []; ident = parent = sib = addr = False
        sex_ok = False
        if unborn:
            t = f" twin {1 + (c.id > c.twin.id)}" if c.twin else ""
            x = r()
            s["given"] = "Unborn" + t if x < .45 or t else f"Baby of {c.mother.given}" if x < .65 else "Unborn baby" if x < .8 else "Baby" if x < .9 else None
            if s["given"] is None:
                del s["given"]
            s["family"] = self.respell(c.mother.family if r() < .8 or not c.father else c.father.family, q)
            due = c.due + timedelta(days=rng.choice([0, 0, 0, 0, 0, -3, 2, 4, -7, 6])) if c.due else c.born
            s["expected_on"] = self.day(self.birth(due, q)[0] if due < NOW and self.error_occurs(.3) else due, st[0])
            g, f, dob = 1.0, 1.0, 2
            if r() < .1:
                s["sex"] = "not_known"
        else:
            g, f = self.name(c, kind, k, s, kin)
            dob = 0
            if not self.error_occurs({"police": .06, "housing": .05, "charity": .12, "early_help": .03}.get(kind, .006)):
                d, dob = self.birth(c.born, q)
                s["born_on"] = self.day(d, st[0])
            if not self.error_occurs(.05, q):
                sx = c.sex if not self.error_occurs(.007, q) else "f" if c.sex == "m" else "m"
                sex_ok = sx == c.sex
                s["sex"] = {"f": ["female", "F", "Female", "2"], "m": ["male", "M", "Male", "1"]}[sx][int(st[2] * 4)]
            elif r() < .4:
                s["sex"] = "not_known"
            if self.r() < k.nhs:
                n = c.nhs; ident = True
                brothers = [d for d in kin if d is not c and not d.unborn]
                if self.error_occurs(.006, q):
                    n, ident = self.bad_digit(n, 3), False
                elif brothers and self.error_occurs(.006, q):
                    n, ident = rng.choice(brothers).nhs, False
                elif self.error_occurs(.012 if k.nhs > .9 else .05):
                    n, ident = rng.choice(["NOT KNOWN", "Pending", "awaiting", "n/k", "unknown", f"{n[0]}.{n[1:6]}E+09", "9.43477E+09"]), False
                s["nhs_number"] = f"{n[:3]} {n[3:6]} {n[6:]}" if n.isdigit() and st[3] < .5 else n
            if c.upn and self.r() < k.upn:
                n, good = c.upn, True
                brothers = [d for d in kin if d is not c and d.upn]
                if self.error_occurs(.006, q):
                    n, good = self.bad_digit(n, 5), False
                elif brothers and self.error_occurs(.005, q):
                    n, good = rng.choice(brothers).upn, False
                elif self.error_occurs(.012):
                    n, good = rng.choice(["NOT KNOWN", "TBC", "pending", "N/A"]) if r() < .6 else self.new_upn(agency, c.born, True), False
                s["upn"] = n
                ident = ident or good
        if self.r() < k.addr and not self.error_occurs(.01) or unborn:
            stays = [x for x in c.home.stays if x[1] <= seen and (x[2] is None or x[2] >= c.born - timedelta(days=300))] or c.home.stays[:1]
            if not self.error_occurs(.05, q):
                now = [x for x in stays if x[2] is None or x[2] > seen][:1] or stays[-1:]
            else:
                now = stays[:1]                                             # the agency does not know of the move
            past = [x for x in stays if x[0] is not now[0][0] and x[1] < now[0][1] and r() < .4]
            shown: list[tuple[Address, Optional[date], Optional[date]]] = list(past + now)
            if c.care_home and kind != "housing" and r() < .7:
                shown = ([now[0]] if r() < .4 else []) + [(c.care_home, None, None)]
            elif c.dad_home and not unborn and r() < (.12 if kind not in ("housing",) else .02):
                shown = shown + [(c.dad_home, None, None)] if r() < .6 else [(c.dad_home, None, None)]
            out = []
            for a, start, until in shown:
                o = self.place(a, q, k, st[1])
                if isinstance(o, dict) and start and r() < (.4 if start >= c.born else .12):
                    fmt = lambda d: d.isoformat() if r() < .5 else d.isoformat()[:7] if r() < .5 else str(d.year)
                    o["from"] = fmt(start)
                    if until and until < seen:
                        o["until"] = fmt(until)
                addr = addr or not a.shared
                out.append(o)
            s["addresses"] = out
            if any(a is x[0] for a, *_ in shown for x in c.home.stays if not x[0].shared):
                links.append("m")
        rel: list[dict[str, Any]] = []
        wordy = st[3] > .6
        p_m = .97 if unborn else k.mother
        if r() < p_m and not (c.carer and r() < .4):
            m = {"kind": rng.choice(["mother", "mum", "birth mother"]) if wordy else "mother_of", **self.person(c.mother, q)}
            if r() < (.5 if unborn else .18 if k.nhs > .3 else .08):
                m["born_on"] = self.day(self.birth_adult(c.mother.born, q), st[0])
            if k.nhs > .3 and r() < (.5 if unborn else .06):
                m["nhs_number"] = c.mother.nhs
            parent = parent or (len(m.get("given", "")) > 2 and m["given"] not in ("Mum", "Mother"))
            if parent and m.get("family"):
                links.append("m")
            rel.append(m)
        if c.father and r() < k.father * (.6 if unborn else 1):
            m = {"kind": rng.choice(["father", "dad", "birth father"]) if wordy else "father_of", **self.person(c.father, q)}
            good = m.get("given") not in ("Dad", "Father", "Mr") and "family" in m
            if r() < .22:
                m["born_on"] = self.day(self.birth_adult(c.father.born, q), st[0])
                links.append("F" if good else "")
            parent = parent or good
            links.append("f" if good else "")
            rel.append(m)
        if c.home.partner and r() < k.father * .6:
            rel.append({"kind": rng.choice(["male_carer_of", "step_parent_of", "stepfather" if wordy else "step_parent_of", "other_to"]), **self.person(c.home.partner, q)})
        if c.carer and r() < .6:
            rel.append({"kind": "grandparent_of" if c.carer.family in c.mother.also and r() < .6 else "female_carer_of", **self.person(c.carer, q)})
        if r() < k.sibs + (.15 if unborn else 0):
            for d in kin + other_kin:
                if d is c or d.dead or d.born > seen or r() < (.2 if d in kin else .8):
                    continue
                half = d.father is not c.father or d.mother is not c.mother
                word = "twin_of" if d is c.twin and r() < .6 else "half_sibling_of" if half and r() < (.5 if d in kin else .8) else ("brother" if d.sex == "m" else "sister") if wordy else "sibling_of"
                o: dict[str, Any] = {"kind": word, "given": self.respell(d.nick if d.nick and self.error_occurs(.25, q) else d.middle if d.by_middle and self.error_occurs(.4) else d.given, q)}
                if r() < .6 or d in other_kin:
                    o["family"] = self.respell(rng.choice(d.others) if d.others and self.error_occurs(.07, q) else d.family, q)
                if r() < .35 or (d in other_kin and r() < .6):
                    o["born_on"] = self.day(self.birth(d.born, q)[0], st[0])
                if kind in d.ids and r() < .3 and d.ids[kind].startswith(agency + "|"):
                    o["id"] = d.ids[kind].split("|")[1]
                sib = True
                if d in kin or "born_on" in o or "id" in o:
                    links.append(d)
                rel.append(o)
        if rel:
            s["relations"] = rel
        if not unborn:
            stage = "nursery" if years(c.born, seen) < 4.3 else "primary" if years(c.born, seen) < 11.2 else "secondary"
            if r() < k.school and years(c.born, seen) > 2:
                s["school"] = c.school[stage].replace("~", " ")
        if r() < k.gp:
            s["gp"] = c.school["gp"].replace("~", " ")
        if family_ref and r() < .9:
            s["family_reference" if kind != "housing" or st[2] < .5 else "reference"] = family_ref
            sib = sib or len(kin) > 1
        if st[2] > .85:
            for key in ("nhs_number", "born_on", "sex", "middle", "family"):
                if key not in s and not (key == "born_on" and unborn):
                    s[key] = None if st[0] < .5 else ""
        # whether a careful clerk could place the record
        total = 3 * ident + dob + g + f + addr + parent + sib + .5 * ("school" in s or kind in ("primary", "secondary", "nursery"))
        why = ""
        if unborn:
            why = "unborn twin: which of the two" if c.twin and not c.unborn else "" if parent or addr else "nothing but a surname and a due date"
        elif not ident and g < 1 and c.twin and not (g == 0 and sex_ok and c.twin.sex != c.sex):
            why = "which twin"
        elif not ident and g < 1 and dob < 2 and len(kin) > 1:
            why = "which child of the home"
        elif c.kin_name and not ident and dob < 2:
            why = "named after a sibling, and no sure birth date"
        elif total < (3 if addr and g == f == 1 and not c.hard else 4) or (c.hard and not (ident or addr or parent)):
            why = "too little is recorded"
        return s, why, not (ident or addr or parent or sib), links

    def birth_adult(self, d: date, q: float) -> date:
        if d.day <= 12 and self.error_occurs(.012, q):
            return date(d.year, d.day, d.month)
        return d.replace(year=d.year + self.rng.choice([-1, 1, -10]), day=min(d.day, 28)) if self.error_occurs(.02, q) else d

    # ------------------------------------------------------------ all records of an extended family
    def emit_extended_family(self, homes: list[Home]) -> None:
        r, rng = self.r, self.rng
        everyone = [c for h in homes for c in h.children]
        plan: list[tuple[Child, str, str, str, bool]] = []
        refs: dict[tuple[str, str], str] = {}
        for h in homes:
            for c in h.children:
                age = years(c.born, c.dead or NOW)
                if c.due:
                    for kind in rng.sample(["hospital", "social_care", "hv", "early_help"], 1 + (r() < .4) + (r() < .1)) if (not c.twin or c.unborn or r() < .15) else []:
                        ag = self.agency(c, kind)
                        plan.append((c, kind, ag, self.new_id(kind, ag), True))
                if c.unborn:
                    continue
                open_kinds = [kd for kd, k in KINDS.items() if not k.lo or age > k.lo + .05]
                n = min(len(open_kinds), 1 + bisect([.08, .22, .41, .61, .77, .89, .96], r()))
                order = sorted(open_kinds, key=lambda kd: r() ** (1 / (KINDS[kd].weight * h.likes[kd])), reverse=True)
                for kind in order[:n]:
                    ag = self.agency(c, kind)
                    c.ids[kind] = f"{ag}|{self.new_id(kind, ag)}"
                    plan.append((c, kind, ag, c.ids[kind].split("|")[1], False))
                    if self.error_occurs(.04):                                       # registered a second time
                        plan.append((c, kind, ag, self.new_id(kind, ag), False))
                for kind in ("primary", "gp"):                              # a former school or practice
                    if kind in c.ids and len(c.ids) < 8 and r() < .06:
                        was = rng.choice(self.agencies[h.town][kind]); ag = f"{h.town.lower()}-{was.lower().replace(' ', '-').replace('~', '-')}"
                        if ag != c.ids[kind].split("|")[0]:
                            plan.append((c, kind, ag, self.new_id(kind, ag), False))
        for c, kind, ag, rid, unborn in plan:
            kin = c.home.children
            other = [d for d in everyone if d.home is not c.home and c.father and d.father is c.father]
            ref = ""
            if r() < KINDS[kind].ref:
                ref = refs.setdefault((ag, str(id(c.home))), f"{ag[8:9].upper()}F{rng.randint(10000, 999999)}")
            for attempt in range(9):
                s, why, bare, links = self.record(c, kind, ag, rid, ref, kin, other, unborn)
                if not why or r() < .06:
                    break
            for x in links:
                if x == "m":
                    c.lm = True
                elif x == "f":
                    c.lf = max(c.lf, 1)
                elif x == "F":
                    c.lf = 2
                elif isinstance(x, Child):
                    if x.mother is c.mother:
                        c.lm = x.lm = True
                    if x.father is c.father and c.father:
                        c.lf = x.lf = 2
            self.emit(c, kind, ag, s, why, bare, unborn)
            if self.error_occurs(.03):
                self.emit(c, kind, ag, s, why, bare, unborn)

    def new_id(self, kind: str, agency: str) -> str:
        self.counter[agency] += 1
        n = (self.counter[agency] * 7919 + sum(map(ord, agency)) * 31337) % 999983                             # ids do not reveal an order
        return f"{kind[:3]}-{n:06d}" if len(agency) % 2 else str(2000000 + n)

    def emit(self, c: Child, kind: str, agency: str, s: dict[str, Any], why: str, bare: bool, unborn: bool) -> None:
        sid = f"s{(len(self.lines) + 1) * 4_517_331 % 10 ** 7:07d}"
        events = []
        if self.r() < .25:
            end = c.dead or NOW
            lo = (c.due or c.born) - timedelta(days=150) if unborn else c.born + timedelta(days=int(365.25 * KINDS[kind].lo))
            d = min(lo + timedelta(days=self.rng.randrange(max(1, (end - lo).days if not unborn else 120))), NOW)
            events = [{"id": "e1", "date": d.isoformat(), "text": "Booking appointment kept." if unborn else self.rng.choice(EVENTS[kind])}]
        self.lines.append(json.dumps({"submission": sid, "agency": agency, "agency_kind": KINDS[kind].word, "subject": s, "events": events}, ensure_ascii=False, separators=(",", ":")))
        self.truth[sid] = c.id
        if unborn:
            self.unborn.append(sid)
        if why:
            self.unknowable.append([sid, why])
        elif bare and not unborn:
            self.weak_records.append((sid, c))

    # ------------------------------------------------------------ output
    def run(self) -> None:
        while len(self.lines) < self.target or len(self.twin_pairs) < (self.twins_wanted or 0):
            self.emit_extended_family(self.extended_family(self.twins_wanted is not None and len(self.twin_pairs) < self.twins_wanted))

    def families(self) -> dict[str, list[str]]:
        present = set(self.truth.values())
        couples: dict[tuple[int, int], list[Child]] = defaultdict(list)
        groups: dict[str, list[Child]] = defaultdict(list)
        for c in self.children:
            if c.id in present:
                couples[id(c.mother), id(c.father)].append(c)
        for kids in couples.values():
            if max(c.lf for c in kids) == 2:                                # what is recorded for one full sibling holds for the others
                for c in kids:
                    c.lf = 2 if c.lf or c.lm else 0
            for c in kids:
                if c.lm:
                    groups[f"m{id(c.mother)}"].append(c)
                if c.lf == 2 and c.father:
                    groups[f"f{id(c.father)}"].append(c)
        out: dict[str, list[str]] = {}
        seen: set[tuple[str, ...]] = set()
        for kids in groups.values():
            key = tuple(sorted(c.id for c in kids))
            if len(key) > 1 and key not in seen:
                seen.add(key)
                for i in key:
                    out.setdefault(i, []).append(f"f{len(seen):06d}")
        for i in sorted(present):
            out.setdefault(i, [f"f-{i}"])
        return out

    def write(self, folder: Path) -> None:
        if self.target and self.twins_wanted is None:                       # the last extended family may have exceeded the number
            self.lines = self.lines[:self.target]
            keep = set(list(self.truth)[:self.target])
            self.truth = {k: v for k, v in self.truth.items() if k in keep}
            self.unborn = [s for s in self.unborn if s in keep]; self.unknowable = [u for u in self.unknowable if u[0] in keep]
        present = set(self.truth.values())
        same: dict[tuple[str, str, date], set[str]] = defaultdict(set)
        names: Counter[tuple[str, str]] = Counter()
        for c in self.children:
            if c.id in present and not c.unborn:
                full = f"{c.given} {c.middle}" if c.compound else c.given
                same[full, c.family, c.born].add(c.id); names[full, c.family] += 1
        for sid, c in self.weak_records:
            if sid in self.truth and len(same[f"{c.given} {c.middle}" if c.compound else c.given, c.family, c.born]) > 1:
                self.unknowable.append([sid, "namesake of one birthday, and nothing else is recorded"])
        self.rng.shuffle(self.lines)
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "submissions.ndjson", "w", encoding="utf-8") as out:
            out.writelines(line + "\n" for line in self.lines)
        twins = [t for t in self.twin_pairs if t[0] in present and t[1] in present]
        (folder / "truth.json").write_text(json.dumps({"children": self.truth, "families": self.families(), "twins": twins, "unborn": self.unborn, "unknowable": self.unknowable}, ensure_ascii=False), encoding="utf-8")
        print(f"{len(self.lines)} submissions, {len(present)} children, {len(twins)} twin pairs, {len(self.unborn)} unborn records, {len(self.unknowable)} unknowable, "
              f"{sum(v for v in names.values() if v > 1)} children with a namesake, {sum(len(v) > 1 for v in same.values())} same name and birthday; {dict(self.stats)}")


def main() -> None:
    p = argparse.ArgumentParser(description="Invent a county's records of children.")
    p.add_argument("--submissions", type=int, default=0); p.add_argument("--seed", type=int, default=1)
    p.add_argument("--errors", type=float, default=100); p.add_argument("--out", type=Path, required=True)
    p.add_argument("--twins", type=int, default=None, help="make N pairs of twins (no others)")
    a = p.parse_args()
    if not a.submissions and a.twins is None:
        p.error("give --submissions or --twins")
    county = County(a.submissions, a.seed, a.errors, a.twins)
    county.run()
    county.write(a.out)

if __name__ == "__main__":
    main()
